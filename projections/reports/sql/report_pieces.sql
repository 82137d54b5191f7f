-- Returns what became of the numbers of series $1 after number $2, in order, at most 500 ranges; if there are fewer,
-- they are the last ones. Endings are bounded by themselves, in the order of their index, and blocks by the endings:
-- PostgreSQL would otherwise read and sort the whole series for every 500. A block has a pending number, and only the
-- first one may have none after $2; so 501 blocks are enough.
WITH ended AS MATERIALIZED (
    SELECT e.first, e.last, e.fate, e.device_id, e.reserved_at, e.ended_at, e.document_id, e.full_number, e.date
    FROM register.ending AS e
    WHERE e.series_id = $1 AND e.last > $2
    ORDER BY e.last
    LIMIT 500
)

SELECT p.first, p.last, p.fate, p.device_id, p.reserved_at, p.ended_at, p.document_id, p.full_number, p.date
FROM (
    SELECT e.first, e.last, e.fate, e.device_id, e.reserved_at, e.ended_at, e.document_id, e.full_number, e.date
    FROM ended AS e
    UNION ALL
    SELECT lower(f.free), upper(f.free) - 1, 'pending', b.device_id, b.reserved_at, NULL, NULL, NULL, NULL
    FROM (
        SELECT k.series_id, k.first, k.last, k.device_id, k.reserved_at
        FROM register.block AS k
        WHERE k.series_id = $1 AND k.last > $2
            AND ((SELECT count(*) FROM ended) < 500 OR k.first <= (SELECT max(ended.last) FROM ended))
        ORDER BY k.last
        LIMIT 501
    ) AS b
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
    WHERE upper(f.free) - 1 > $2
) AS p
ORDER BY p.last
LIMIT 500
