-- Returns the counters of the series $1, and the positions of the counters and gaps projections in the log of each.
SELECT
    c.log_id, c.series_id, c.firm_id, c.mode, c.name, c.next_number - c.start_number AS taken,
    c.standing, c.voided, c.withdrawn, c.pending, c.released, c.expired, c.lost,
    k.position, k.at, r.position AS rows_position
FROM counters.counter AS c
INNER JOIN counters.checkpoint AS k ON c.log_id = k.log_id
INNER JOIN gaps.checkpoint AS r ON c.log_id = r.log_id
WHERE c.series_id = ANY($1::text[])
