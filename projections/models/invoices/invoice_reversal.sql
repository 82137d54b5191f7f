-- Gives each document that one of the documents $1 reverses its newest standing reversal, or none.
UPDATE invoice AS i
SET reversal = s.reversal
FROM (
    SELECT
        d.document_id,
        (
            SELECT r.document_id
            FROM invoice AS r
            WHERE r.reverses = d.document_id AND r.fate = 'standing'
            ORDER BY r.created_position DESC
            LIMIT 1
        ) AS reversal
    FROM (
        SELECT DISTINCT c.reverses AS document_id
        FROM unnest($1::text::text[]) AS t (document_id)
        INNER JOIN invoice AS c ON c.document_id = t.document_id
        WHERE c.reverses IS NOT NULL
    ) AS d
) AS s
WHERE i.document_id = s.document_id AND i.reversal IS DISTINCT FROM s.reversal
