-- Returns the verifier keys of log $1, whatever their origin, and the notes of the rotations and breaks that led to them,
-- the newest first; locks nothing.
SELECT k.verifier_key, k.rotation FROM evidence.verifier_key AS k WHERE k.log_id = $1 ORDER BY k.at DESC, k.key_id;
