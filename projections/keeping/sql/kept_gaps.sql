-- Returns the gaps of series $1 in order, with their columns in the order of GapRow; locks nothing.
SELECT
    g.series_id, g.first, g.last, g.reason, g.device_id, g.reserved_at, g.ended_at, g.ended_by, g.reserved_position,
    g.ended_position, g.reason_text
FROM gaps.gap AS g
WHERE g.series_id = $1
ORDER BY g.first
