-- Takes ended numbers off the pending ones of their blocks.
UPDATE block AS b
SET pending = b.pending - s.ended
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS s (series_id, position, ended)
WHERE b.series_id = s.series_id AND b.position = s.position
