-- Returns the events that opened the series of firm $1, of all firms if that is null, in order.
SELECT e.record FROM log.event AS e
WHERE e.version = 1 AND e.tag LIKE 'series-opened/%' AND ($1::text IS NULL OR e.firm_id = $1)
ORDER BY e.log_id, e.position
