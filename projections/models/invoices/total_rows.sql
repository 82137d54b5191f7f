-- Returns as text, in order, every kept total that its documents do not come to: none, if all are right. The totals
-- themselves are no part of a digest: they contain what erased contents said, and a rebuild cannot read that again.
WITH days AS (
    SELECT
        i.firm_id, i.mode, i.date, i.series_id, i.due_date, i.document_type, i.currency, i.fate,
        i.number IS NOT NULL AS is_numbered,
        i.reverses IS NOT NULL AS is_reversal,
        i.reversal IS NOT NULL AS is_reversed,
        count(*) AS documents,
        COALESCE(sum(i.subtotal_ron), 0) AS subtotal_ron,
        COALESCE(sum(i.vat_ron), 0) AS vat_ron,
        COALESCE(sum(i.total_ron), 0) AS total_ron
    FROM invoice AS i
    WHERE i.fate <> 'withdrawn'
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
),

due AS (
    SELECT
        d.firm_id,
        d.mode,
        g.grain,
        CASE WHEN g.grain = 'day' THEN d.date END,
        CASE WHEN g.grain <> 'whole' THEN d.series_id END,
        CASE WHEN g.grain = 'day' THEN d.due_date END,
        d.document_type,
        d.currency,
        d.fate,
        d.is_numbered,
        d.is_reversal,
        d.is_reversed,
        sum(d.documents)::bigint,
        sum(d.subtotal_ron),
        sum(d.vat_ron),
        sum(d.total_ron)
    FROM days AS d
    CROSS JOIN (VALUES ('whole'), ('series'), ('day')) AS g (grain)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
),

kept AS (
    SELECT t.* FROM total AS t WHERE (t.documents, t.subtotal_ron, t.vat_ron, t.total_ron) <> (0, 0, 0, 0)
)

SELECT w.wrong::text
FROM (
    (SELECT d AS wrong FROM (TABLE due EXCEPT TABLE kept) AS d)
    UNION ALL
    (SELECT k AS wrong FROM (TABLE kept EXCEPT TABLE due) AS k)
) AS w
ORDER BY w.wrong::text
