-- Returns the head of log $1, whether it is halted, how many of its events are sealed (null before the first note), and
-- the time of the event after each of the positions $2 and after the sealed ones, in this order; null where none is.
-- No row if there is no such log. Locks nothing.
SELECT
    h.position,
    h.halted_because IS NOT NULL AS is_halted,
    s.sealed,
    ARRAY(
        SELECT (SELECT e.at FROM log.event AS e WHERE e.log_id = h.log_id AND e.position = w.position + 1)
        FROM unnest($2::bigint[] || s.sealed) WITH ORDINALITY AS w (position, place)
        ORDER BY w.place
    ) AS waiting_since
FROM log.head AS h
CROSS JOIN LATERAL (
    SELECT (SELECT nullif(t.size, 0) FROM evidence.tree AS t WHERE t.log_id = h.log_id) AS sealed
) AS s
WHERE h.log_id = $1;
