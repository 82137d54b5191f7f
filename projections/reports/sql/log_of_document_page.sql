-- As history_of_document_page.sql, but from the log.
SELECT e.record FROM log.event AS e WHERE e.document_id = $1 ORDER BY e.position LIMIT $2 OFFSET $3
