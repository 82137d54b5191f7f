-- Returns the numbered invoices of series $1 in order, with their columns in the order of InvoiceRow; locks nothing.
SELECT
    i.document_id, i.log_id, i.firm_id, i.mode, i.series_id, i.number, i.full_number, i.date::text, i.document_type,
    i.fate, i.reverses, i.reversal, i.voided_at, i.created_at, i.modified_at, i.created_position, i.position, i.content,
    i.reason_content, i.client_local_uuid
FROM invoices.invoice AS i
WHERE i.series_id = $1 AND i.number IS NOT NULL
ORDER BY i.number
