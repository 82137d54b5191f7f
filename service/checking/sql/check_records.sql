-- Returns the records at the positions $2 of log $1; locks nothing.
SELECT e.position, e.record FROM log.event AS e WHERE e.log_id = $1 AND e.position = ANY($2::bigint[]);
