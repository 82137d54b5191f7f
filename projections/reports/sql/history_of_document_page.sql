-- Returns at most $2 of the events about document $1, in order, without the first $3.
SELECT r.record
FROM history.entry AS e
INNER JOIN log.event AS r ON e.log_id = r.log_id AND e.position = r.position
WHERE e.document_id = $1
ORDER BY e.position
LIMIT $2 OFFSET $3
