-- Returns at most $4 events of stream $1 after version $2 up to position $3, in order; locks nothing.
SELECT e.record FROM log.event AS e
WHERE e.stream = $1 AND e.version > $2 AND e.position <= $3
ORDER BY e.version
LIMIT $4;
