-- Returns how far the counter moved, and how many numbers were inserted.
SELECT
    s.next_number - 1,
    (SELECT count(*) FROM naive.reservation AS r WHERE r.series_id = s.series_id)
FROM naive.series AS s
WHERE s.series_id = $1;
