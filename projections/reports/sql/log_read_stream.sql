-- Returns the events of series $1 up to position $2, in order.
SELECT e.record FROM log.event AS e WHERE e.stream = $1 AND e.position <= $2 ORDER BY e.version
