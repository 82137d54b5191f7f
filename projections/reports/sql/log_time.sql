-- Returns the time of the event at position $2 of log $1.
SELECT e.at FROM log.event AS e WHERE e.log_id = $1 AND e.position = $2
