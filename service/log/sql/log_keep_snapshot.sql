-- Keeps a snapshot of log $1: position $2, release $3, digest of the record there $4, state $5.
SELECT log.keep_snapshot($1, $2, $3, $4, $5);
