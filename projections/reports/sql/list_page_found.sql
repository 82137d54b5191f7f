-- As list_page_ascending.sql, of those documents that invoices.found finds by the text $16; $17 is 1 for ascending and -1
-- for descending. Every document that is found is read.
SELECT m.document_id, m.reversal
FROM invoices.found($1, $2, $16) AS f
INNER JOIN invoices.matching($1, $2, $3::date, $4, $5, $6, $7, $8, $9, $10, $11::date, $12::date) AS m
    ON f.document_id = m.document_id
ORDER BY
    $17::bigint * CASE $15
        WHEN 'date' THEN m.date - DATE '2000-01-01'
        WHEN 'due_date' THEN m.due_date - DATE '2000-01-01'
        WHEN 'total' THEN m.total_ron
        WHEN 'number' THEN m.number
        ELSE m.created_position
    END ASC NULLS LAST,
    $17::bigint * m.created_position
LIMIT $13 OFFSET $14
