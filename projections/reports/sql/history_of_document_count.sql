-- Returns how many events are about document $1.
SELECT count(*) FROM history.entry AS e WHERE e.document_id = $1
