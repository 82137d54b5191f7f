-- Returns how many documents match the filters $1 .. $12 of invoices.matching, the sums in RON of those that have a number
-- and are not voided, and what of it is unpaid (CONTRACT.md D93). Reads every document that matches.
SELECT
    count(*) AS documents,
    COALESCE(sum(m.subtotal_ron) FILTER (WHERE m.number IS NOT NULL AND m.fate = 'standing'), 0) AS subtotal,
    COALESCE(sum(m.vat_ron) FILTER (WHERE m.number IS NOT NULL AND m.fate = 'standing'), 0) AS vat,
    COALESCE(sum(m.total_ron) FILTER (WHERE m.number IS NOT NULL AND m.fate = 'standing'), 0) AS total,
    COALESCE(
        sum(m.total_ron) FILTER (
            WHERE m.number IS NOT NULL AND m.fate = 'standing' AND m.reverses IS NULL AND m.reversal IS NULL
        ),
        0
    ) AS unpaid
FROM invoices.matching($1, $2, $3::date, $4, $5, $6, $7, $8, $9, $10, $11::date, $12::date) AS m
