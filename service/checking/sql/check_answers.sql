-- Returns the answers under the keys $1; locks nothing.
SELECT a.key, a.log_id, a.outcome, a.position FROM log.answer AS a WHERE a.key = ANY($1::bytea[]);
