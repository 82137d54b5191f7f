-- Returns how many events log $1 has after position $2 and up to $3. Locks nothing.
SELECT count(*) FROM log.event AS e WHERE e.log_id = $1 AND e.position > $2 AND e.position <= $3;
