-- Returns the position of every log in this copy.
SELECT c.log_id, c.position FROM checkpoint AS c ORDER BY c.log_id
