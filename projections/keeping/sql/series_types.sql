-- Returns the type of document of each of the series $1, read from the event that opened it.
SELECT s.series_id, e.record::jsonb #>> '{event,document_type}' AS document_type
FROM unnest($1::text::text[]) AS s (series_id)
CROSS JOIN LATERAL (SELECT f.record FROM log.event AS f WHERE f.stream = s.series_id AND f.version = 1 LIMIT 1) AS e
