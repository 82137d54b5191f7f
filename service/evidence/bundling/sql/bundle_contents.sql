-- Returns of each of the digests $1 the state, and salt and body if $2 and it is kept. Locks nothing.
SELECT
    d.digest, k.digest IS NOT NULL AS is_kept, l.digest IS NOT NULL AS is_lost,
    CASE WHEN $2::boolean THEN k.salt END AS salt,
    CASE WHEN $2::boolean THEN k.body END AS body
FROM unnest($1::bytea[]) AS d (digest)
LEFT JOIN log.content AS k ON d.digest = k.digest
LEFT JOIN log.lost_content AS l ON d.digest = l.digest;
