-- Returns the contents with the digests $1 (hexadecimal) that were not erased, in any order. Of a content of more than
-- 16 KiB it returns only what projections keep, so that a batch of large ones has room in memory.
SELECT
    k.digest,
    CASE
        WHEN octet_length(k.body) <= 16384 THEN k.body
        ELSE (
            SELECT to_json(b)::text
            FROM jsonb_to_record(k.body::jsonb) AS b (
                client_id text, currency text, due_date text, date text, document_type text, series_id text,
                client jsonb, amounts_ron jsonb
            )
        )
    END AS body
FROM log.content AS k
WHERE k.digest = ANY(ARRAY(SELECT decode(d.digest, 'hex') FROM unnest($1::text::text[]) AS d (digest)))
