-- Returns the events of log $1 after position $2 and up to $3, in order.
SELECT e.position, e.record
FROM log.event AS e
WHERE e.log_id = $1 AND e.position > $2 AND e.position <= $3
ORDER BY e.position
