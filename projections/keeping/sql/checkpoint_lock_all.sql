-- As checkpoint_lock.sql, for every log.
SELECT c.log_id, c.position FROM checkpoint AS c ORDER BY c.log_id FOR UPDATE
