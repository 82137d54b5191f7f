-- Adds blocks that have pending numbers. Raises unique_violation if one of them exists.
INSERT INTO block (series_id, first, last, pending, device_id, reserved_at, expires_at, position)
SELECT b.*
FROM unnest(
    $1::text::text[], $2::text::bigint[], $3::text::bigint[], $4::text::bigint[], $5::text::text[], $6::text::bigint[], $7::text::bigint[], $8::text::bigint[]
) AS b
