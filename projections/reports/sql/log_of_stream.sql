-- Returns the log of series $1 and the head of that log; no row if there is no such series.
SELECT s.log_id, h.position FROM log.stream AS s INNER JOIN log.head AS h ON s.log_id = h.log_id WHERE s.stream = $1
