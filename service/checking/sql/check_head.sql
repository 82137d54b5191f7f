-- Returns the position of the head of log $1 and the last position of its events; locks nothing.
SELECT h.position AS head, (SELECT max(e.position) FROM log.event AS e WHERE e.log_id = h.log_id) AS last
FROM log.head AS h
WHERE h.log_id = $1;
