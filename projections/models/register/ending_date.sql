-- Gives documents another date. A number without a row changes nothing.
UPDATE ending AS e
SET date = c.date
FROM unnest($1::text::text[], $2::text::bigint[], $3::text::text[]) AS c (series_id, number, date)
WHERE e.series_id = c.series_id AND e.last = c.number AND e.first = c.number
