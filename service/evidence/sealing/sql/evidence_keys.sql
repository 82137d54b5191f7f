-- Returns the verifier keys of log $1 under its present origin, that of the newest key, and their rotation notes, the
-- newest first; locks nothing.
SELECT k.verifier_key, CASE WHEN starts_with(k.rotation, 'numbering-key-rotation/') THEN k.rotation END AS rotation
FROM evidence.verifier_key AS k
WHERE
    k.log_id = $1 AND split_part(k.verifier_key, '+', 1) = (
        SELECT split_part(n.verifier_key, '+', 1) FROM evidence.verifier_key AS n
        WHERE n.log_id = $1
        ORDER BY n.at DESC, n.key_id
        LIMIT 1
    )
ORDER BY k.at DESC, k.key_id;
