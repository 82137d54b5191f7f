-- Returns the events of log $1 at the positions $3, those of the documents $4, the reversals by those documents, and
-- the first event of series $2; in order, at most $5. An event may be named twice and comes once.
WITH reversed AS (
    SELECT e.record::json -> 'event' ->> 'reverses' AS document_id
    FROM log.event AS e
    WHERE e.document_id = ANY($4::text[]) AND e.tag LIKE 'reservation-consumed/%'
)

SELECT found.record
FROM (
    SELECT e.position, e.record FROM log.event AS e WHERE e.log_id = $1 AND e.position = ANY($3::bigint[])
    UNION
    SELECT e.position, e.record FROM log.event AS e WHERE e.document_id = ANY($4::text[])
    UNION
    SELECT e.position, e.record
    FROM log.event AS e
    INNER JOIN reversed AS r ON e.document_id = r.document_id
    WHERE e.tag LIKE 'document-reversed/%'
    UNION
    SELECT e.position, e.record FROM log.event AS e WHERE e.stream = $2 AND e.version = 1
) AS found
ORDER BY found.position
LIMIT $5
