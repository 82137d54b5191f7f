-- Returns, for each stretch of numbers of series $1 after the number in $2 and before that in $3, its lowest and highest
-- numbers with a document, in the order of the stretches. No gap may lie in a stretch: then PostgreSQL reads two rows.
SELECT
    l.last AS lowest, l.full_number AS lowest_shown, l.date AS lowest_date,
    h.last AS highest, h.full_number AS highest_shown, h.date AS highest_date
FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS s (after, before, place)
LEFT JOIN LATERAL (
    SELECT e.last, e.full_number, e.date
    FROM register.ending AS e
    WHERE e.series_id = $1 AND e.last > s.after AND e.last < s.before
    ORDER BY e.last
    LIMIT 1
) AS l ON true
LEFT JOIN LATERAL (
    SELECT e.last, e.full_number, e.date
    FROM register.ending AS e
    WHERE e.series_id = $1 AND e.last > s.after AND e.last < s.before
    ORDER BY e.last DESC
    LIMIT 1
) AS h ON true
ORDER BY s.place
