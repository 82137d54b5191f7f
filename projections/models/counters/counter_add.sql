-- Adds the counters of opened series. Raises unique_violation if one of them exists.
INSERT INTO counter (
    series_id, log_id, firm_id, mode, name, document_type, opened_at, position, start_number, next_number
)
SELECT o.*, o.start_number
FROM unnest(
    $1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[]
) AS o (series_id, log_id, firm_id, mode, name, document_type, opened_at, position, start_number)
