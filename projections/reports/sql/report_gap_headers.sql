-- As report_gap_header.sql, for every series of firm $1, of all firms if that is null.
SELECT
    c.log_id, c.series_id, c.firm_id, c.mode, c.name, c.next_number - c.start_number AS taken,
    c.standing, c.voided, c.withdrawn, c.pending, c.released, c.expired,
    k.position, k.at, r.position AS rows_position
FROM counters.counter AS c
INNER JOIN counters.checkpoint AS k ON c.log_id = k.log_id
INNER JOIN gaps.checkpoint AS r ON c.log_id = r.log_id
WHERE $1::text IS NULL OR c.firm_id = $1
ORDER BY c.firm_id, c.mode, c.opened_at, c.series_id
