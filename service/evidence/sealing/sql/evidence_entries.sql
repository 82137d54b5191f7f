-- Returns the records of log $1 after position $2 up to $3, in order, each with its position. Locks nothing.
SELECT e.position, e.record FROM log.event AS e
WHERE e.log_id = $1 AND e.position > $2 AND e.position <= $3
ORDER BY e.position;
