-- Returns those of the tiles of log $1 at the levels $2 and places $3 that are there; locks nothing.
SELECT t.level, t.place, t.hashes
FROM unnest($2::smallint[], $3::bigint[]) AS asked (level, place)
INNER JOIN evidence.tile AS t ON t.log_id = $1 AND asked.level = t.level AND asked.place = t.place;
