-- Returns the head of log $1, and how many entries its newest note covers, 0 if there is none; notes of origins before the
-- present one do not count. Locks nothing.
SELECT
    h.position AS head,
    coalesce((
        SELECT n.size FROM evidence.present_note AS n
        WHERE n.log_id = $1
        ORDER BY n.size DESC
        LIMIT 1
    ), 0) AS size
FROM log.head AS h
WHERE h.log_id = $1;
