-- Returns the position and time of the history projection in log $1, and how many events are about document $2.
SELECT k.position, k.at, (SELECT count(*) FROM history.entry AS e WHERE e.document_id = $2) AS total
FROM history.checkpoint AS k
WHERE k.log_id = $1
