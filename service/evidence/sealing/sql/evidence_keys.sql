-- Returns the verifier keys of log $1 and their rotation notes, the newest first; locks nothing.
SELECT k.verifier_key, k.rotation FROM evidence.verifier_key AS k WHERE k.log_id = $1 ORDER BY k.at DESC, k.key_id;
