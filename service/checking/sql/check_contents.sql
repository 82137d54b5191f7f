-- Returns the contents with the digests $1 that are there, and whether each is the one that its digest says; of a content
-- of more than 16 KiB only whether it is. Locks nothing.
SELECT
    encode(k.digest, 'hex') AS digest,
    k.digest = sha256(k.salt || convert_to(k.body, 'UTF8')) AS is_right,
    CASE WHEN octet_length(k.body) <= 16384 THEN k.body END AS body
FROM log.content AS k
WHERE k.digest = ANY(ARRAY(SELECT decode(d.digest, 'hex') FROM unnest($1::text[]) AS d (digest)));
