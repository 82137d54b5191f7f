-- As list_page_newest.sql, but sorted by $16; $17 is 1 for ascending and -1 for descending. Documents without that
-- value come last; documents with the same value are in the order of creation.
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
ORDER BY
    $17::bigint * CASE $16
        WHEN 'created_at' THEN m.created_position
        WHEN 'date' THEN m.date - DATE '2000-01-01'
        WHEN 'due_date' THEN m.due_date - DATE '2000-01-01'
        WHEN 'total' THEN m.total_ron
        WHEN 'number' THEN m.number
    END ASC NULLS LAST,
    $17::bigint * m.created_position
LIMIT $14 OFFSET $15
