-- Returns the counters of the series $1, how many dates are out of order, the events that opened the series, and the
-- positions of the counters, gaps and register projections in the log of each; -1 if
-- the last two differ.
SELECT
    c.log_id, c.series_id, c.firm_id, c.mode, c.name, c.next_number - c.start_number AS taken,
    c.standing, c.voided, c.withdrawn, c.pending, c.released, c.expired, c.lost,
    k.position, k.at, CASE WHEN r.position = g.position THEN r.position ELSE -1 END AS rows_position,
    (SELECT count(*) FROM register.ending AS e WHERE e.series_id = c.series_id AND e.is_inverted) AS date_inversions,
    o.record AS opened
FROM counters.counter AS c
INNER JOIN counters.checkpoint AS k ON c.log_id = k.log_id
INNER JOIN gaps.checkpoint AS g ON c.log_id = g.log_id
INNER JOIN register.checkpoint AS r ON c.log_id = r.log_id
INNER JOIN log.event AS o ON c.series_id = o.stream AND o.version = 1
WHERE c.series_id = ANY($1::text[])
