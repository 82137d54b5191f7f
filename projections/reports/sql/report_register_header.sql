-- Returns the counter of series $1, the event that opened the series, and the positions of the counters and register projections in its log.
SELECT
    c.log_id, c.series_id, c.firm_id, c.mode, c.name, c.next_number - c.start_number AS taken,
    c.standing, c.voided, c.withdrawn, c.pending, c.released, c.expired, c.lost,
    k.position, k.at, r.position AS rows_position, o.record AS opened
FROM counters.counter AS c
INNER JOIN counters.checkpoint AS k ON c.log_id = k.log_id
INNER JOIN register.checkpoint AS r ON c.log_id = r.log_id
INNER JOIN log.event AS o ON c.series_id = o.stream AND o.version = 1
WHERE c.series_id = $1
