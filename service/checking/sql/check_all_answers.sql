-- Returns at most $2 answers after the key $1, in order; locks nothing.
SELECT a.key, a.log_id, a.outcome, a.position FROM log.answer AS a WHERE a.key > $1 ORDER BY a.key LIMIT $2;
