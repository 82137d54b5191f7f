-- The documents that list_page_descending.sql leaves out, the newest first. Of all that match, $16 in number, the first
-- $14 are left out.
SELECT m.document_id, m.reversal
FROM invoices.matching($1, $2, $3::date, $4, $5, $6, $7, $8, $9, $10, $11::date, $12::date) AS m
WHERE CASE $15
    WHEN 'date' THEN m.date IS NULL
    WHEN 'due_date' THEN m.due_date IS NULL
    WHEN 'total' THEN m.total_ron IS NULL
    WHEN 'number' THEN m.number IS NULL
    ELSE FALSE
END
ORDER BY m.created_position DESC
LIMIT $13
OFFSET greatest(
    0,
    $14::bigint - $16::bigint + (
        SELECT count(*)
        FROM invoices.matching($1, $2, $3::date, $4, $5, $6, $7, $8, $9, $10, $11::date, $12::date) AS m
        WHERE CASE $15
            WHEN 'date' THEN m.date IS NULL
            WHEN 'due_date' THEN m.due_date IS NULL
            WHEN 'total' THEN m.total_ron IS NULL
            WHEN 'number' THEN m.number IS NULL
            ELSE FALSE
        END
    )
)
