-- Returns where the numbers $2 to $3 of series $1 were reserved, ended and explained, and their documents, at most $4
-- rows. Ranges do not overlap, so the last one that can meet the numbers is the first that ends at $3 or after it.
(
    SELECT e.reserved_position, e.ended_position, e.document_id
    FROM register.ending AS e
    WHERE
        e.series_id = $1 AND e.last >= $2 AND e.first <= $3
        AND e.last <= coalesce(
            (SELECT min(n.last) FROM register.ending AS n WHERE n.series_id = $1 AND n.last >= $3), $3
        )
    LIMIT $4
)
UNION ALL
(
    SELECT b.position, NULL, NULL
    FROM register.block AS b
    WHERE
        b.series_id = $1 AND b.last >= $2 AND b.first <= $3
        AND b.last <= coalesce(
            (SELECT min(n.last) FROM register.block AS n WHERE n.series_id = $1 AND n.last >= $3), $3
        )
    LIMIT $4
)
UNION ALL
(
    SELECT x.position, NULL, NULL
    FROM gaps.explanation AS x
    WHERE x.series_id = $1 AND x.last >= $2 AND x.first <= $3
    LIMIT $4
)
