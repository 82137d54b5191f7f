-- Gives numbers of documents another fate. A number without a row changes nothing.
UPDATE ending AS e
SET fate = c.fate, ended_at = c.ended_at, ended_position = c.ended_position
FROM unnest($1::text::text[], $2::text::bigint[], $3::text::text[], $4::text::bigint[], $5::text::bigint[])
    AS c (series_id, number, fate, ended_at, ended_position)
WHERE e.series_id = c.series_id AND e.last = c.number AND e.first = c.number
