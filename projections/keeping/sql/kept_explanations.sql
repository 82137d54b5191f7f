-- Returns the explanations of gaps of series $1 in order, with their columns in the order of ExplanationRow; locks
-- nothing.
SELECT e.series_id, e.first, e.last, e.code, e.text, e.explained_at, e.explained_by, e.position
FROM gaps.explanation AS e
WHERE e.series_id = $1
ORDER BY e.position
