-- Returns the events of the streams $1 up to position $2, in order; locks nothing.
SELECT e.record FROM log.event AS e WHERE e.stream = ANY($1::text[]) AND e.position <= $2 ORDER BY e.position;
