-- Returns the blocks of series $1 in order, with their columns in the order of BlockRow; locks nothing.
SELECT b.series_id, b.first, b.last, b.pending, b.device_id, b.reserved_at, b.expires_at, b.position
FROM register.block AS b
WHERE b.series_id = $1
ORDER BY b.last
