-- Returns the events that opened the series of firm $1, in order; of all firms if $1 is null.
SELECT e.record FROM log.event AS e
WHERE e.version = 1 AND e.tag LIKE 'series-opened/%' AND ($1::text IS NULL OR e.firm_id = $1)
ORDER BY e.log_id, e.position
