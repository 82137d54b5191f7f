-- Returns at most $2 of the events about document $1, in order, without the first $3.
SELECT e.record FROM log.event AS e WHERE e.document_id = $1 ORDER BY e.position LIMIT $2 OFFSET $3
