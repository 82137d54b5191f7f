-- Writes the ranges of numbers of the events $1 to $2 of such a log.
INSERT INTO log.allocation (stream, first, next)
SELECT
    e.stream, (e.record::json #>> '{event,first}')::bigint,
    coalesce((e.record::json #>> '{event,last}')::bigint + 1, (e.record::json #>> '{event,start_number}')::bigint)
FROM log.event AS e
WHERE
    e.log_id = 1 AND e.position BETWEEN $1 AND $2
    AND e.tag IN ('series-opened/1', 'numbers-reserved/1')
ORDER BY e.position;
