-- Returns at most $13 of the documents that match the filters $1 .. $12 of invoices.matching, without the first $14, each
-- with its standing reversal. They are sorted by $15; those without that value come last, and those with the same value
-- are in the order of creation. Planned for its parameters (list_moment.sql), so that each sort reads its index.
SELECT m.document_id, m.reversal
FROM invoices.matching($1, $2, $3::date, $4, $5, $6, $7, $8, $9, $10, $11::date, $12::date) AS m
ORDER BY
    CASE $15 WHEN 'date' THEN m.date WHEN 'due_date' THEN m.due_date END ASC,
    CASE WHEN $15 = 'total' THEN m.total_ron END ASC,
    CASE WHEN $15 = 'number' THEN m.number END ASC,
    m.created_position ASC
LIMIT $13 OFFSET $14
