-- Adds entries. Raises unique_violation if one of them exists.
INSERT INTO entry (
    log_id, position, stream, version, document_id, firm_id, mode, at, event, actor_kind, actor_id, device_id,
    first, last, count
)
SELECT e.*
FROM unnest(
    $1::smallint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[]
) AS e
