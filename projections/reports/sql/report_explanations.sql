-- Returns the explanations of gaps of the series $1, the oldest first.
SELECT e.series_id, e.first, e.last, e.code, e.text, e.explained_at, e.explained_by, e.position
FROM gaps.explanation AS e
WHERE e.series_id = ANY($1::text[])
ORDER BY e.series_id, e.position
