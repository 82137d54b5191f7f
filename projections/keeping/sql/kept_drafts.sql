-- Returns at most $4 drafts of firm $1 in mode $2 with an id after $3, in order, with their columns in the order of
-- InvoiceRow; what their contents say is null. Locks nothing.
SELECT
    i.document_id, i.log_id, i.firm_id, i.mode, NULL, NULL, NULL, NULL, NULL,
    i.fate, i.reverses, i.reversal, i.voided_at, i.created_at, i.modified_at, i.created_position, i.position, i.content,
    i.reason_content, i.client_local_uuid
FROM invoices.invoice AS i
WHERE i.firm_id = $1 AND i.mode = $2 AND i.number IS NULL AND i.document_id > $3
ORDER BY i.document_id
LIMIT $4
