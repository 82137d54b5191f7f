-- Returns the first event of every series of log $1, in order; of firm $2 only, unless it is null. Locks nothing.
SELECT e.record
FROM log.stream AS s
INNER JOIN log.event AS e ON e.stream = s.stream AND e.version = 1
WHERE s.log_id = $1 AND ($2::text IS NULL OR e.firm_id = $2)
ORDER BY e.position;
