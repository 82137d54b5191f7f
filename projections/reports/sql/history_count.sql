-- Returns the position and time of the last event of log $1, and how many events are about document $2.
SELECT
    h.position,
    (SELECT e.at FROM log.event AS e WHERE e.log_id = h.log_id AND e.position = h.position) AS at,
    (SELECT count(*) FROM log.event AS e WHERE e.document_id = $2) AS total
FROM log.head AS h
WHERE h.log_id = $1
