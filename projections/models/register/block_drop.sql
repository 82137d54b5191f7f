-- Deletes the blocks, of those in $1 and $2, that have no pending number left.
DELETE FROM block AS b
USING unnest($1::text::text[], $2::text::bigint[]) AS s (series_id, position)
WHERE b.series_id = s.series_id AND b.position = s.position AND b.pending = 0
