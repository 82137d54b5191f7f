-- Returns the head of log $1, and how many entries its newest note covers, 0 if there is none; notes of origins before the
-- present one do not count. Locks nothing.
SELECT
    h.position AS head,
    coalesce((
        SELECT n.size FROM evidence.note AS n
        WHERE n.log_id = $1 AND split_part(n.note, E'\n', 1) <> ALL (ARRAY(
            SELECT split_part(k.verifier_key, '+', 1) FROM evidence.verifier_key AS k
            WHERE k.log_id = $1 AND split_part(k.verifier_key, '+', 1) <> (
                SELECT split_part(p.verifier_key, '+', 1) FROM evidence.verifier_key AS p
                WHERE p.log_id = $1
                ORDER BY p.at DESC, p.key_id
                LIMIT 1
            )
        ))
        ORDER BY n.size DESC
        LIMIT 1
    ), 0) AS size
FROM log.head AS h
WHERE h.log_id = $1;
