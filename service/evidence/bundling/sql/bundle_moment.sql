-- Returns the head of log $1, and how many entries the newest note of its present origin covers, 0 if there is none.
-- Locks nothing.
SELECT
    h.position AS head,
    coalesce((
        SELECT n.size FROM evidence.note AS n
        WHERE n.log_id = $1 AND starts_with(n.note, (
            SELECT split_part(k.verifier_key, '+', 1) || E'\n' FROM evidence.verifier_key AS k
            WHERE k.log_id = $1
            ORDER BY k.at DESC, k.key_id
            LIMIT 1
        ))
        ORDER BY n.size DESC
        LIMIT 1
    ), 0) AS size
FROM log.head AS h
WHERE h.log_id = $1;
