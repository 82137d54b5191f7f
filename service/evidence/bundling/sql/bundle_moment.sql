-- Returns the head of log $1, and how many entries its tree has. Locks nothing.
SELECT h.position AS head, t.size
FROM log.head AS h
INNER JOIN evidence.tree AS t ON h.log_id = t.log_id
WHERE h.log_id = $1;
