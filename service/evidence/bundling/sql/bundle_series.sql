-- Returns the first events of the series of firm $2 in mode $3 that log $1 opened up to position $4, in order. Locks
-- nothing.
SELECT e.record
FROM log.event AS e
WHERE
    e.log_id = $1 AND e.version = 1 AND e.tag LIKE 'series-opened/%'
    AND e.firm_id = $2 AND e.mode = $3 AND e.position <= $4
ORDER BY e.position;
