-- Returns the positions of the events of bundle_events, with the same arguments, but all of them. Locks nothing.
SELECT e.position
FROM log.event AS e
WHERE
    e.log_id = $1 AND e.position > $2 AND e.position <= $3 AND e.firm_id = $4 AND e.mode = $5
    AND ($6::text[] IS NULL OR e.stream = ANY($6))
ORDER BY e.position;
