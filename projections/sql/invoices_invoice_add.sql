-- Adds documents.
INSERT INTO invoice (
    document_id, log_id, series_id, firm_id, mode, number, date, fate, voided_at, created_at, modified_at,
    issued_position, position, content, reason_content, client_local_uuid
)
SELECT
    i.document_id, i.log_id, i.series_id, i.firm_id, i.mode, i.number, i.date::date, i.fate, i.voided_at, i.created_at,
    i.modified_at, i.issued_position, i.position, i.content, i.reason_content, i.client_local_uuid
FROM unnest(
    $1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::bigint[],
    $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::text[], $15::text[], $16::text[]
) AS i (
    document_id, log_id, series_id, firm_id, mode, number, date, fate, voided_at, created_at, modified_at,
    issued_position, position, content, reason_content, client_local_uuid
)
