-- Returns the co-signatures of the note of log $1 with size $2, the oldest first; locks nothing.
SELECT c.line FROM evidence.cosignature AS c WHERE c.log_id = $1 AND c.size = $2 ORDER BY c.at, c.key_name, c.key_id;
