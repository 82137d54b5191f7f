-- Returns the time stamps of notes of log $1 with sizes from $2 to $3, each with its note, the smallest tree first; locks
-- nothing.
SELECT s.size, n.note, s.response
FROM evidence.time_stamp AS s
INNER JOIN evidence.note AS n ON s.log_id = n.log_id AND s.size = n.size
WHERE s.log_id = $1 AND s.size BETWEEN $2 AND $3
ORDER BY s.size;
