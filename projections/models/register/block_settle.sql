-- Subtracts ended numbers from the pending numbers of their blocks. Raises check_violation if a block has too few.
UPDATE block AS b
SET pending = b.pending - s.ended
FROM unnest($1::text::text[], $2::text::bigint[], $3::text::bigint[]) AS s (series_id, position, ended)
WHERE b.series_id = s.series_id AND b.position = s.position
