-- Returns the drafts among the documents $1, in order, with their columns in the order of InvoiceRow; what their contents
-- say is null. Locks nothing.
SELECT
    i.document_id, i.log_id, i.firm_id, i.mode, NULL, NULL, NULL, NULL, NULL,
    i.fate, i.reverses, i.reversal, i.voided_at, i.created_at, i.modified_at, i.created_position, i.position, i.content,
    i.reason_content, i.client_local_uuid
FROM invoices.invoice AS i
WHERE i.document_id = ANY($1::text[]) AND i.number IS NULL
ORDER BY i.document_id;
