-- Returns the events of document $1, in order; locks nothing.
SELECT e.record FROM log.event AS e WHERE e.document_id = $1 ORDER BY e.position;
