-- Returns the events of the documents $1 up to position $2, in order.
SELECT e.document_id, e.record
FROM log.event AS e
WHERE e.document_id = ANY($1::text[]) AND e.position <= $2
ORDER BY e.position
