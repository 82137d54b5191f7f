-- Returns those of the keys $1 that have an answer; locks nothing.
SELECT a.key FROM log.answer AS a WHERE a.key = ANY($1);
