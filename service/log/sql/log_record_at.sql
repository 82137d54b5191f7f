-- Returns the record at position $2 of log $1, or no row; locks nothing.
SELECT e.record FROM log.event AS e WHERE e.log_id = $1 AND e.position = $2;
