-- Returns the last position of log $1 whose event is not later than $2, 0 if there is none. Times never decrease along
-- a log, so a search by halves finds it without reading the log.
WITH RECURSIVE search (low, high) AS (
    SELECT 0::bigint, h.position FROM log.head AS h WHERE h.log_id = $1
    UNION ALL
    SELECT
        CASE WHEN e.at <= $2 THEN e.position ELSE s.low END,
        CASE WHEN e.at <= $2 THEN s.high ELSE e.position - 1 END
    FROM search AS s
    INNER JOIN log.event AS e ON e.log_id = $1 AND e.position = (s.low + s.high + 1) / 2
    WHERE s.low < s.high
)
SELECT s.low FROM search AS s WHERE s.low = s.high
