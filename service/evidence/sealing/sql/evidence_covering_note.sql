-- Returns the note of log $1 for a receipt of events up to position $2, and the positions to which notes reach: the
-- newest note that a witness co-signed, if it covers them, else the newest one, if it does. One row; locks nothing.
SELECT
    newest.size AS newest_size,
    n.size,
    n.note
FROM (SELECT max(m.size) AS size FROM evidence.note AS m WHERE m.log_id = $1) AS newest
LEFT JOIN evidence.note AS n
    ON n.log_id = $1 AND n.size >= $2 AND n.size = coalesce(
        (
            SELECT max(c.size) FROM evidence.cosignature AS c
            WHERE c.log_id = $1 AND c.size >= $2
        ),
        newest.size
    );
