-- Returns at most $14 of the documents that match the filters $1 .. $13 of invoices.matching, without the first $15,
-- each with its standing reversal. The newest comes first: that is the order of the index.
SELECT
    m.document_id,
    (
        SELECT r.document_id
        FROM invoices.invoice AS r
        WHERE r.reverses = m.document_id AND r.fate = 'standing'
        ORDER BY r.created_position DESC
        LIMIT 1
    ) AS reversal
FROM invoices.matching($1, $2, $3::text::date, $4, $5, $6, $7, $8, $9, $10, $11::text::date, $12::text::date, $13) AS m
ORDER BY m.created_position DESC
LIMIT $14 OFFSET $15
