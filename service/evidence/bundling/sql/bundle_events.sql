-- Returns the events of firm $4 in mode $5 after position $2 and up to $3 of log $1, at most 500, in order; only those
-- of the streams $6 if it is not null. Locks nothing.
SELECT e.position, e.stream, e.record
FROM log.event AS e
WHERE
    e.log_id = $1 AND e.position > $2 AND e.position <= $3 AND e.firm_id = $4 AND e.mode = $5
    AND ($6::text[] IS NULL OR e.stream = ANY($6))
ORDER BY e.position
LIMIT 500;
