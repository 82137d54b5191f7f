-- As list_page_ascending.sql, for filters by dates that few documents match: all of them are read and sorted. $16 is 1 for
-- ascending and -1 for descending. PostgreSQL would else read from the newest, and come to an old year last.
SELECT m.document_id, m.reversal
FROM invoices.matching($1, $2, $3::date, $4, $5, $6, $7, $8, $9, $10, $11::date, $12::date) AS m
ORDER BY
    $16::bigint * CASE $15
        WHEN 'date' THEN m.date - DATE '2000-01-01'
        WHEN 'due_date' THEN m.due_date - DATE '2000-01-01'
        WHEN 'total' THEN m.total_ron
        WHEN 'number' THEN m.number
        ELSE m.created_position
    END ASC NULLS LAST,
    $16::bigint * m.created_position
LIMIT $13 OFFSET $14
