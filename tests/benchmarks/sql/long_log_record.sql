-- Returns the record at position $1.
SELECT e.record FROM log.event AS e WHERE e.log_id = 1 AND e.position = $1;
