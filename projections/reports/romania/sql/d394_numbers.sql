-- Returns of the series $1 of firm $2 in mode $3, in the order of their numbers: documents dated from $4 to $5, those
-- dated later that were issued at the time $6 or later on numbers taken before it, all gaps, and all pending numbers.
-- A total that is erased says nothing: then a reversal counts as negative.
SELECT
    n.series_id, n.first, n.last, n.fate, n.taken_at, n.ended_at, n.document_id, n.full_number, n.date, n.issued_at,
    n.is_negative
FROM (
    SELECT
        i.series_id, e.first, e.last, e.fate, e.reserved_at AS taken_at, e.ended_at, i.document_id, i.full_number,
        i.date::text AS date, i.created_at AS issued_at,
        COALESCE(i.total_ron < 0, i.reverses IS NOT NULL) AS is_negative
    FROM invoices.invoice AS i
    INNER JOIN register.ending AS e ON i.series_id = e.series_id AND i.number = e.last
    WHERE
        i.firm_id = $2 AND i.mode = $3 AND i.fate <> 'withdrawn' AND i.series_id = ANY($1::text[]) AND i.date >= $4::date
        AND (i.date <= $5::date OR (i.created_at >= $6::bigint AND e.reserved_at < $6::bigint))
    UNION ALL
    SELECT
        e.series_id, e.first, e.last, e.fate, e.reserved_at, e.ended_at, i.document_id, i.full_number, i.date::text,
        i.created_at, COALESCE(i.total_ron < 0, i.reverses IS NOT NULL)
    FROM register.ending AS e
    LEFT JOIN invoices.invoice AS i ON e.document_id = i.document_id
    WHERE e.series_id = ANY($1::text[]) AND e.fate IN ('withdrawn', 'released', 'expired', 'lost')
    UNION ALL
    SELECT
        b.series_id, lower(f.free), upper(f.free) - 1, 'pending', b.reserved_at, NULL, NULL, NULL, NULL, NULL, NULL
    FROM register.block AS b
    CROSS JOIN LATERAL unnest(
        int8multirange(int8range(b.first, b.last, '[]'))
        - COALESCE(
            (
                SELECT range_agg(int8range(e.first, e.last, '[]'))
                FROM register.ending AS e
                WHERE e.series_id = b.series_id AND e.last BETWEEN b.first AND b.last
            ),
            '{}'
        )
    ) AS f (free)
    WHERE b.series_id = ANY($1::text[])
) AS n
ORDER BY n.series_id, n.last
