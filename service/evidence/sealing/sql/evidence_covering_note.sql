-- Returns the note of log $1 for a receipt of events up to position $2, and the positions to which notes reach: the
-- newest note that a witness co-signed, if it covers them, else the newest one, if it does. Only notes of the present
-- origin count, that of the newest key. One row; locks nothing.
WITH present AS (
    SELECT p.origin || E'\n' AS line FROM evidence.present_origin AS p WHERE p.log_id = $1
),

newest AS (
    SELECT n.size FROM evidence.note AS n
    WHERE n.log_id = $1 AND starts_with(n.note, (SELECT p.line FROM present AS p))
    ORDER BY n.size DESC
    LIMIT 1
),

cosigned AS (
    SELECT c.size
    FROM evidence.cosignature AS c
    INNER JOIN evidence.note AS n ON c.log_id = n.log_id AND c.size = n.size
    WHERE c.log_id = $1 AND c.size >= $2 AND starts_with(n.note, (SELECT p.line FROM present AS p))
    ORDER BY c.size DESC
    LIMIT 1
)

SELECT (SELECT w.size FROM newest AS w) AS newest_size, n.size, n.note
FROM (SELECT coalesce((SELECT c.size FROM cosigned AS c), (SELECT w.size FROM newest AS w)) AS size) AS chosen
LEFT JOIN evidence.note AS n ON n.log_id = $1 AND n.size = chosen.size AND n.size >= $2;
