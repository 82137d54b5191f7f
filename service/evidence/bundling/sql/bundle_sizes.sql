-- Returns the sizes and texts of the notes of log $1 that are larger than $2 and not larger than $3, at most 1,000, in
-- order. Locks nothing.
SELECT n.size, n.note FROM evidence.note AS n
WHERE
    n.log_id = $1 AND n.size > $2 AND n.size <= $3 AND split_part(n.note, E'\n', 1) <> ALL (ARRAY(
        SELECT split_part(k.verifier_key, '+', 1) FROM evidence.verifier_key AS k
        WHERE k.log_id = $1 AND split_part(k.verifier_key, '+', 1) <> (
            SELECT split_part(p.verifier_key, '+', 1) FROM evidence.verifier_key AS p
            WHERE p.log_id = $1
            ORDER BY p.at DESC, p.key_id
            LIMIT 1
        )
    ))
ORDER BY n.size
LIMIT 1000;
