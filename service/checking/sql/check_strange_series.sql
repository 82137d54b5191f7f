-- Returns each table of the projections and each series in it that log.stream does not have; locks nothing. It looks once
-- for each series of each table, whatever the number of rows.
WITH RECURSIVE
counter AS (
    (SELECT t.series_id FROM counters.counter AS t ORDER BY t.series_id LIMIT 1)
    UNION ALL
    SELECT (SELECT t.series_id FROM counters.counter AS t WHERE t.series_id > c.series_id ORDER BY t.series_id LIMIT 1)
    FROM counter AS c
    WHERE c.series_id IS NOT NULL
),

gap AS (
    (SELECT t.series_id FROM gaps.gap AS t ORDER BY t.series_id LIMIT 1)
    UNION ALL
    SELECT (SELECT t.series_id FROM gaps.gap AS t WHERE t.series_id > c.series_id ORDER BY t.series_id LIMIT 1)
    FROM gap AS c
    WHERE c.series_id IS NOT NULL
),

explanation AS (
    (SELECT t.series_id FROM gaps.explanation AS t ORDER BY t.series_id LIMIT 1)
    UNION ALL
    SELECT (SELECT t.series_id FROM gaps.explanation AS t WHERE t.series_id > c.series_id ORDER BY t.series_id LIMIT 1)
    FROM explanation AS c
    WHERE c.series_id IS NOT NULL
),

block AS (
    (SELECT t.series_id FROM register.block AS t ORDER BY t.series_id LIMIT 1)
    UNION ALL
    SELECT (SELECT t.series_id FROM register.block AS t WHERE t.series_id > c.series_id ORDER BY t.series_id LIMIT 1)
    FROM block AS c
    WHERE c.series_id IS NOT NULL
),

ending AS (
    (SELECT t.series_id FROM register.ending AS t ORDER BY t.series_id LIMIT 1)
    UNION ALL
    SELECT (SELECT t.series_id FROM register.ending AS t WHERE t.series_id > c.series_id ORDER BY t.series_id LIMIT 1)
    FROM ending AS c
    WHERE c.series_id IS NOT NULL
)

SELECT f.place, f.series_id
FROM (
    SELECT 'counters.counter' AS place, c.series_id FROM counter AS c
    UNION ALL
    SELECT 'gaps.gap', c.series_id FROM gap AS c
    UNION ALL
    SELECT 'gaps.explanation', c.series_id FROM explanation AS c
    UNION ALL
    SELECT 'register.block', c.series_id FROM block AS c
    UNION ALL
    SELECT 'register.ending', c.series_id FROM ending AS c
) AS f
WHERE f.series_id IS NOT NULL AND NOT EXISTS (SELECT FROM log.stream AS s WHERE s.stream = f.series_id)
ORDER BY f.place, f.series_id;
