-- As list_page_ascending.sql, the greatest first, and only the documents that have the value. No index has them in the
-- order in which those without it come last, so list_page_valueless.sql returns these.
SELECT m.document_id, m.reversal
FROM invoices.matching($1, $2, $3::date, $4, $5, $6, $7, $8, $9, $10, $11::date, $12::date) AS m
WHERE CASE $15
    WHEN 'date' THEN m.date IS NOT NULL
    WHEN 'due_date' THEN m.due_date IS NOT NULL
    WHEN 'total' THEN m.total_ron IS NOT NULL
    WHEN 'number' THEN m.number IS NOT NULL
    ELSE TRUE
END
ORDER BY
    CASE $15 WHEN 'date' THEN m.date WHEN 'due_date' THEN m.due_date END DESC,
    CASE WHEN $15 = 'total' THEN m.total_ron END DESC,
    CASE WHEN $15 = 'number' THEN m.number END DESC,
    m.created_position DESC
LIMIT $13 OFFSET $14
