-- Returns the endings of series $1 in order, with their columns in the order of EndingRow; locks nothing.
SELECT
    e.series_id, e.first, e.last, e.fate, e.device_id, e.reserved_at, e.ended_at, e.document_id, e.reserved_position,
    e.ended_position, e.full_number, e.date, e.is_inverted
FROM register.ending AS e
WHERE e.series_id = $1
ORDER BY e.last
