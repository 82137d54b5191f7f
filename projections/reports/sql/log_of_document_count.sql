-- As history_of_document_count.sql, from the log.
SELECT count(*) FROM log.event AS e WHERE e.document_id = $1
