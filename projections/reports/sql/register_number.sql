-- Returns the positions of the events that reserved number $2 of series $1 and ended it, its document, and the position
-- the register of log $3 is of; no ending while the number is pending, no row if the register does not know the number.
-- Ranges do not overlap, so only the first that ends at or after the number can hold it.
SELECT p.reserved_position, p.ended_position, p.document_id, k.position
FROM (
    (
        SELECT e.first, e.reserved_position, e.ended_position, e.document_id
        FROM register.ending AS e
        WHERE e.series_id = $1 AND e.last >= $2
        ORDER BY e.last
        LIMIT 1
    )
    UNION ALL
    (
        SELECT b.first, b.position, NULL, NULL
        FROM register.block AS b
        WHERE b.series_id = $1 AND b.last >= $2
        ORDER BY b.last
        LIMIT 1
    )
) AS p
CROSS JOIN register.checkpoint AS k
WHERE k.log_id = $3 AND p.first <= $2
ORDER BY p.ended_position NULLS LAST
LIMIT 1
