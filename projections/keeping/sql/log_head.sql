-- Returns the position of the last event of log $1.
SELECT h.position FROM log.head AS h WHERE h.log_id = $1
