-- Returns at most $3 notes of log $1 of a size after $2, the smallest first, each with its co-signatures; locks nothing.
SELECT
    n.size, n.note,
    ARRAY(
        SELECT c.line FROM evidence.cosignature AS c
        WHERE c.log_id = n.log_id AND c.size = n.size
        ORDER BY c.key_name, c.key_id
    ) AS lines
FROM evidence.note AS n
WHERE n.log_id = $1 AND n.size > $2
ORDER BY n.size
LIMIT $3;
