-- Changes documents. A fate, date or content that is null stays as it was. The content of a draft also gives its date,
-- type and series. A document without a row changes nothing.
UPDATE invoice AS i
SET
    fate = COALESCE(c.fate, i.fate),
    voided_at = CASE WHEN c.fate IS NULL THEN i.voided_at ELSE c.voided_at END,
    reason_content = CASE WHEN c.fate IS NULL THEN i.reason_content ELSE c.reason_content END,
    modified_at = c.modified_at,
    position = c.position,
    date = CASE WHEN i.number IS NULL AND c.content IS NOT NULL THEN f.date ELSE COALESCE(c.date::date, i.date) END,
    document_type = CASE WHEN i.number IS NULL AND c.content IS NOT NULL THEN f.document_type ELSE i.document_type END,
    series_id = CASE WHEN i.number IS NULL AND c.content IS NOT NULL THEN f.series_id ELSE i.series_id END,
    content = COALESCE(c.content, i.content),
    client_id = CASE WHEN c.content IS NULL THEN i.client_id ELSE f.client_id END,
    currency = CASE WHEN c.content IS NULL THEN i.currency ELSE f.currency END,
    due_date = CASE WHEN c.content IS NULL THEN i.due_date ELSE f.due_date END,
    subtotal_ron = CASE WHEN c.content IS NULL THEN i.subtotal_ron ELSE f.subtotal_ron END,
    vat_ron = CASE WHEN c.content IS NULL THEN i.vat_ron ELSE f.vat_ron END,
    total_ron = CASE WHEN c.content IS NULL THEN i.total_ron ELSE f.total_ron END
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[])
    AS c (document_id, fate, voided_at, reason_content, modified_at, position, date, content)
LEFT JOIN LATERAL facts(c.content) AS f ON TRUE
WHERE i.document_id = c.document_id
