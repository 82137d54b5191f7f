-- As history_of_document_count.sql, but from the log.
SELECT
    h.position,
    (SELECT e.at FROM log.event AS e WHERE e.log_id = h.log_id AND e.position = h.position) AS at,
    (SELECT count(*) FROM log.event AS e WHERE e.document_id = $2) AS total
FROM log.head AS h
WHERE h.log_id = $1
