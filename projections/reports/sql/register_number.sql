-- Returns the positions of the events that reserved and ended number $2 of series $1, its document, and the position of
-- the register in log $3. The ending is null while the number is pending. No row if the register lacks the number.
-- Ranges do not overlap, so only the first one that ends at or after the number can contain it.
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
