-- Returns those of the documents $1 that an event of the log is about; locks nothing.
SELECT DISTINCT e.document_id FROM log.event AS e WHERE e.document_id = ANY($1::text[]);
