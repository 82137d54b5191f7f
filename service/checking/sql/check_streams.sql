-- Returns at most $3 streams of log $1 after the stream $2, in order, with what log.stream says, what the first event is,
-- and the last version that there is; locks nothing.
SELECT
    s.stream, s.version, f.tag, f.firm_id, f.mode,
    (SELECT max(e.version) FROM log.event AS e WHERE e.stream = s.stream) AS last
FROM log.stream AS s
LEFT JOIN log.event AS f ON s.stream = f.stream AND f.version = 1
WHERE s.log_id = $1 AND s.stream > $2
ORDER BY s.stream
LIMIT $3;
