-- Returns the notes of log $1 that are larger than $2 and not larger than $3, at most 200, in order, each as it was signed,
-- with the lines of the witnesses apart, the oldest first. Locks nothing.
SELECT
    n.size, n.note,
    ARRAY(
        SELECT c.line FROM evidence.cosignature AS c
        WHERE c.log_id = n.log_id AND c.size = n.size
        ORDER BY c.at, c.key_name, c.key_id
    ) AS cosignatures
FROM evidence.present_note AS n
WHERE n.log_id = $1 AND n.size > $2 AND n.size <= $3
ORDER BY n.size
LIMIT 200;
