-- Adds documents as they are at the end of a batch. Columns for filters and sorting are read from log.content, and the
-- type of a numbered document from the event that opened its series. Raises unique_violation if a document exists.
INSERT INTO invoice (
    document_id, log_id, firm_id, mode, series_id, number, full_number, date, document_type, fate, reverses, voided_at,
    created_at, modified_at, created_position, position, content, reason_content, client_local_uuid,
    client_id, currency, due_date, subtotal_ron, vat_ron, total_ron
)
SELECT
    i.document_id, i.log_id, i.firm_id, i.mode, COALESCE(i.series_id, f.series_id), i.number, i.full_number,
    COALESCE(i.date::date, f.date), COALESCE(o.record::jsonb #>> '{event,document_type}', f.document_type), i.fate,
    i.reverses, i.voided_at, i.created_at, i.modified_at, i.created_position, i.position, i.content, i.reason_content,
    i.client_local_uuid, f.client_id, f.currency, f.due_date, f.subtotal_ron, f.vat_ron, f.total_ron
FROM unnest(
    $1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::text[], $17::text[],
    $18::text[]
) AS i (
    document_id, log_id, firm_id, mode, series_id, number, full_number, date, fate, reverses, voided_at, created_at,
    modified_at, created_position, position, content, reason_content, client_local_uuid
)
LEFT JOIN log.event AS o ON i.series_id = o.stream AND o.version = 1
LEFT JOIN LATERAL facts(i.content) AS f ON TRUE
