-- Adds the endings of numbers that were reserved in an earlier batch. The facts of the block come from its row. If there
-- is no such row, reserved_at is null and PostgreSQL raises not_null_violation. Raises unique_violation if an ending
-- exists.
INSERT INTO ending (
    series_id, first, last, fate, device_id, reserved_at, ended_at, document_id, reserved_position, ended_position,
    full_number, date
)
SELECT
    e.series_id,
    e.first,
    e.last,
    e.fate,
    b.device_id,
    b.reserved_at,
    e.ended_at,
    e.document_id,
    e.reserved_position,
    e.ended_position,
    e.full_number,
    e.date
FROM unnest(
    $1::text::text[], $2::text::bigint[], $3::text::bigint[], $4::text::text[], $5::text::bigint[], $6::text::text[],
    $7::text::bigint[], $8::text::bigint[], $9::text::text[], $10::text::text[]
) AS e (
    series_id, first, last, fate, ended_at, document_id, reserved_position, ended_position, full_number, date
)
LEFT JOIN block AS b
    ON e.series_id = b.series_id AND e.reserved_position = b.position AND e.first >= b.first AND e.last <= b.last
