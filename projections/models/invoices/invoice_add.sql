-- Adds documents as they are at the end of a batch. The type of a numbered document is read from the event that opened
-- its series, which is one of $1. Raises unique_violation if a document exists.
WITH opened AS MATERIALIZED (
    SELECT s.series_id, e.record::jsonb #>> '{event,document_type}' AS document_type
    FROM unnest($1::text::text[]) AS s (series_id)
    CROSS JOIN LATERAL (SELECT f.record FROM log.event AS f WHERE f.stream = s.series_id AND f.version = 1 LIMIT 1) AS e
)
INSERT INTO invoice (
    document_id, log_id, firm_id, mode, series_id, number, full_number, date, document_type, fate, reverses, voided_at,
    created_at, modified_at, created_position, position, content, reason_content, client_local_uuid,
    client_id, currency, due_date, subtotal_ron, vat_ron, total_ron
)
SELECT
    i.document_id, i.log_id, i.firm_id, i.mode, i.series_id, i.number, i.full_number, i.date,
    CASE WHEN i.number IS NULL THEN i.document_type ELSE COALESCE(o.document_type, i.document_type) END,
    i.fate, i.reverses, i.voided_at, i.created_at, i.modified_at, i.created_position, i.position, i.content,
    i.reason_content, i.client_local_uuid, i.client_id, i.currency, i.due_date, i.subtotal_ron, i.vat_ron, i.total_ron
FROM unnest(
    $2::text::text[], $3::text::smallint[], $4::text::text[], $5::text::text[], $6::text::text[], $7::text::bigint[],
    $8::text::text[], $9::text::date[], $10::text::text[], $11::text::text[], $12::text::text[], $13::text::bigint[],
    $14::text::bigint[], $15::text::bigint[], $16::text::bigint[], $17::text::bigint[], $18::text::text[],
    $19::text::text[], $20::text::text[], $21::text::text[], $22::text::text[], $23::text::date[],
    $24::text::numeric[], $25::text::numeric[], $26::text::numeric[]
) AS i (
    document_id, log_id, firm_id, mode, series_id, number, full_number, date, document_type, fate, reverses, voided_at,
    created_at, modified_at, created_position, position, content, reason_content, client_local_uuid, client_id,
    currency, due_date, subtotal_ron, vat_ron, total_ron
)
LEFT JOIN opened AS o ON i.series_id = o.series_id
