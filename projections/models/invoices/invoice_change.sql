-- Changes documents. A fate, date or content that is null stays as it was. The content of a draft also gives its date,
-- type and series. A document without a row changes nothing.
UPDATE invoice AS i
SET
    fate = COALESCE(c.fate, i.fate),
    voided_at = CASE WHEN c.fate IS NULL THEN i.voided_at ELSE c.voided_at END,
    reason_content = CASE WHEN c.fate IS NULL THEN i.reason_content ELSE c.reason_content END,
    modified_at = c.modified_at,
    position = c.position,
    date = CASE WHEN i.number IS NULL AND c.content IS NOT NULL THEN c.draft_date ELSE COALESCE(c.date, i.date) END,
    document_type = CASE WHEN i.number IS NULL AND c.content IS NOT NULL THEN c.draft_type ELSE i.document_type END,
    series_id = CASE WHEN i.number IS NULL AND c.content IS NOT NULL THEN c.draft_series ELSE i.series_id END,
    content = COALESCE(c.content, i.content),
    client_id = CASE WHEN c.content IS NULL THEN i.client_id ELSE c.client_id END,
    currency = CASE WHEN c.content IS NULL THEN i.currency ELSE c.currency END,
    due_date = CASE WHEN c.content IS NULL THEN i.due_date ELSE c.due_date END,
    subtotal_ron = CASE WHEN c.content IS NULL THEN i.subtotal_ron ELSE c.subtotal_ron END,
    vat_ron = CASE WHEN c.content IS NULL THEN i.vat_ron ELSE c.vat_ron END,
    total_ron = CASE WHEN c.content IS NULL THEN i.total_ron ELSE c.total_ron END
FROM unnest(
    $1::text::text[], $2::text::text[], $3::text::bigint[], $4::text::text[], $5::text::bigint[], $6::text::bigint[],
    $7::text::date[], $8::text::text[], $9::text::date[], $10::text::text[], $11::text::text[], $12::text::text[],
    $13::text::text[], $14::text::date[], $15::text::numeric[], $16::text::numeric[], $17::text::numeric[]
) AS c (
    document_id, fate, voided_at, reason_content, modified_at, position, date, content, draft_date, draft_type,
    draft_series, client_id, currency, due_date, subtotal_ron, vat_ron, total_ron
)
WHERE i.document_id = c.document_id
