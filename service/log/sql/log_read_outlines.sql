-- Returns at most $3 records of log $1 after position $2, in order, with what routes them; locks nothing.
SELECT
    e.position, e.stream, e.tag, e.firm_id, e.mode, e.at, convert_to(e.record, 'UTF8') AS canonical
FROM log.event AS e
WHERE e.log_id = $1 AND e.position > $2
ORDER BY e.position
LIMIT $3;
