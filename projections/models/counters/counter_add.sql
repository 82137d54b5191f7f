-- Adds the counters of opened series. Raises unique_violation if one of them exists.
INSERT INTO counter (
    series_id, log_id, firm_id, mode, name, document_type, opened_at, position, start_number, next_number
)
SELECT o.*, o.start_number
FROM unnest(
    $1::text::text[], $2::text::smallint[], $3::text::text[], $4::text::text[], $5::text::text[], $6::text::text[], $7::text::bigint[], $8::text::bigint[], $9::text::bigint[]
) AS o (series_id, log_id, firm_id, mode, name, document_type, opened_at, position, start_number)
