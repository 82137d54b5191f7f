-- Compares the dates of the documents that have the numbers in $1 and $2, and of the standing documents next above each,
-- with that of the standing document next below, and corrects `is_inverted` where it is wrong.
UPDATE ending AS e
SET is_inverted = NOT e.is_inverted
FROM (
    SELECT t.series_id, t.number
    FROM unnest($1::text::text[], $2::text::bigint[]) AS t (series_id, number)
    UNION
    SELECT t.series_id, n.last
    FROM unnest($1::text::text[], $2::text::bigint[]) AS t (series_id, number)
    CROSS JOIN LATERAL (
        SELECT a.last
        FROM ending AS a
        WHERE a.series_id = t.series_id AND a.fate = 'standing' AND a.last > t.number
        ORDER BY a.last
        LIMIT 1
    ) AS n
) AS c
WHERE e.series_id = c.series_id AND e.last = c.number AND e.is_inverted IS DISTINCT FROM (
    e.fate = 'standing' AND COALESCE(e.date < (
        SELECT b.date
        FROM ending AS b
        WHERE b.series_id = e.series_id AND b.fate = 'standing' AND b.last < e.last
        ORDER BY b.last DESC
        LIMIT 1
    ), false)
)
