-- Adds blocks that have pending numbers. Raises unique_violation if one of them exists.
INSERT INTO block (series_id, first, last, pending, device_id, reserved_at, expires_at, position)
SELECT b.*
FROM unnest(
    $1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[]
) AS b
