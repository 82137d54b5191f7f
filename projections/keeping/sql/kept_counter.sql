-- Returns the counter of series $1 with its columns in the order of CounterRow, or no row; locks nothing.
SELECT
    c.series_id, c.log_id, c.firm_id, c.mode, c.name, c.document_type, c.opened_at, c.position, c.start_number,
    c.next_number, c.standing, c.voided, c.withdrawn, c.pending, c.released, c.expired, c.lost
FROM counters.counter AS c
WHERE c.series_id = $1
