-- Returns the newest note of log $1, and how many entries its tree has; no row before the first; locks nothing.
SELECT t.size AS tree_size, n.size, n.note
FROM evidence.tree AS t
INNER JOIN evidence.note AS n ON t.log_id = n.log_id
WHERE t.log_id = $1
ORDER BY n.size DESC
LIMIT 1;
