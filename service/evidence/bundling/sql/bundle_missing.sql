-- Returns the first position after $2 and up to $3 at which log $1 has no event; null if there is none. Locks nothing.
SELECT min(p.position)
FROM generate_series($2::bigint + 1, $3::bigint) AS p (position)
WHERE NOT EXISTS (SELECT FROM log.event AS e WHERE e.log_id = $1 AND e.position = p.position);
