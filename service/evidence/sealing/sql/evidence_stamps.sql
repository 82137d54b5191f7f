-- Returns the time stamps of notes of log $1 with sizes from $2 to $3, the smallest tree first; locks nothing.
SELECT s.size, s.response
FROM evidence.time_stamp AS s
WHERE s.log_id = $1 AND s.size BETWEEN $2 AND $3
ORDER BY s.size;
