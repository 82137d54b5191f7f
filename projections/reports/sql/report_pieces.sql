-- Returns what became of the numbers of series $1 after number $2, in order, at most 500 ranges; if there are fewer,
-- they are the last ones. The order is that of the index, so a page reads no more rows than it needs.
SELECT p.first, p.last, p.fate, p.device_id, p.reserved_at, p.ended_at, p.document_id
FROM (
    SELECT e.first, e.last, e.fate, e.device_id, e.reserved_at, e.ended_at, e.document_id
    FROM register.ending AS e
    WHERE e.series_id = $1 AND e.last > $2
    UNION ALL
    SELECT lower(f.free), upper(f.free) - 1, 'pending', b.device_id, b.reserved_at, NULL, NULL
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
    WHERE b.series_id = $1 AND b.last > $2 AND upper(f.free) - 1 > $2
) AS p
ORDER BY p.last
LIMIT 500
