-- Returns at most $2 documents of the projection of invoices after the id $1, in order: whether the log knows the stream
-- that it must be of, and what the projection copied from its content. Locks nothing.
SELECT
    i.document_id, i.number, i.content, i.client_id, i.currency, i.due_date::text AS due_date, i.subtotal_ron, i.vat_ron,
    i.total_ron,
    EXISTS (
        SELECT FROM log.stream AS s WHERE s.stream = CASE WHEN i.number IS NULL THEN i.document_id ELSE i.series_id END
    ) AS is_known
FROM invoices.invoice AS i
WHERE i.document_id > $1
ORDER BY i.document_id
LIMIT $2;
