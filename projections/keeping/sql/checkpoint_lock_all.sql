-- Returns the position of every log in this copy. Locks the rows, as checkpoint_lock.sql does.
SELECT c.log_id, c.position FROM checkpoint AS c ORDER BY c.log_id FOR UPDATE
