-- Returns the verifier keys of log $1 under its present origin, that of the newest key, and their rotation notes, the
-- newest first; locks nothing.
SELECT k.verifier_key, CASE WHEN starts_with(k.rotation, 'numbering-key-rotation/') THEN k.rotation END AS rotation
FROM evidence.verifier_key AS k
INNER JOIN evidence.present_origin AS p ON k.log_id = p.log_id
WHERE k.log_id = $1 AND split_part(k.verifier_key, '+', 1) = p.origin
ORDER BY k.at DESC, k.key_id;
