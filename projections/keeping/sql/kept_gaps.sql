-- Returns the gaps of series $1 in order, with their columns in the order of GapRow; locks nothing.
SELECT
    g.series_id, g.first, g.last, g.reason, g.device_id, g.reserved_at, g.reserved_by, g.expires_at, g.ended_at, g.ended_by,
    g.reserved_position, g.ended_position, g.reason_text, g.full_number
FROM gaps.gap AS g
WHERE g.series_id = $1
ORDER BY g.first
