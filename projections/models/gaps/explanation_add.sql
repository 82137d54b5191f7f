-- Adds explanations of gaps. Raises unique_violation if one exists.
INSERT INTO explanation (series_id, first, last, code, text, explained_at, explained_by, position)
SELECT e.series_id, e.first, e.last, e.code, e.text, e.explained_at, e.explained_by, e.position
FROM unnest(
    $1::text::text[], $2::text::bigint[], $3::text::bigint[], $4::text::text[], $5::text::text[], $6::text::bigint[],
    $7::text::text[], $8::text::bigint[]
) AS e (series_id, first, last, code, text, explained_at, explained_by, position)
