-- As list_totals.sql, from the totals of grain $13 that the projection keeps. $4 is null, because none is kept by client.
-- The filters are those of invoices.matching, said of totals. Dates and a status that depends on today need the grain
-- `day`, a series the grain `series` or `day`.
SELECT
    COALESCE(sum(t.documents), 0)::bigint AS documents,
    COALESCE(sum(t.subtotal_ron) FILTER (WHERE t.is_numbered AND t.fate = 'standing'), 0) AS subtotal,
    COALESCE(sum(t.vat_ron) FILTER (WHERE t.is_numbered AND t.fate = 'standing'), 0) AS vat,
    COALESCE(sum(t.total_ron) FILTER (WHERE t.is_numbered AND t.fate = 'standing'), 0) AS total,
    COALESCE(
        sum(t.total_ron) FILTER (
            WHERE t.is_numbered AND t.fate = 'standing' AND NOT t.is_reversal AND NOT t.is_reversed
        ),
        0
    ) AS unpaid
FROM invoices.total AS t
WHERE t.firm_id = $1
    AND t.mode = $2
    AND t.grain = $13
    AND t.documents > 0
    AND $4::text IS NULL
    AND ($13 = 'day' OR t.date IS NULL)
    AND ($5::text IS NULL OR t.series_id = $5)
    AND (
        $6::boolean IS NULL
        OR (NOT $6 AND t.is_numbered AND t.fate = 'standing' AND NOT t.is_reversal AND NOT t.is_reversed)
    )
    AND ($7::boolean IS NULL OR (t.fate = 'voided') = $7)
    AND ($8::text IS NULL OR t.document_type = $8)
    AND (
        $9::text IS NULL
        OR ($9 = 'voided' AND t.fate = 'voided')
        OR ($9 = 'draft' AND t.fate = 'standing' AND NOT t.is_numbered)
        OR (
            $9 = 'overdue'
            AND t.fate = 'standing'
            AND t.is_numbered
            AND t.due_date < $3::date
            AND NOT t.is_reversed
        )
        OR (
            $9 = 'issued'
            AND t.fate = 'standing'
            AND t.is_numbered
            AND (t.due_date < $3::date AND NOT t.is_reversed) IS NOT TRUE
        )
    )
    AND ($10::text IS NULL OR t.currency = $10)
    AND ($11::date IS NULL OR t.date >= $11::date)
    AND ($12::date IS NULL OR t.date <= $12::date)
