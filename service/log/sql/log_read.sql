-- Returns at most $3 records of log $1 after position $2, in order; locks nothing.
SELECT e.record FROM log.event AS e WHERE e.log_id = $1 AND e.position > $2 ORDER BY e.position LIMIT $3;
