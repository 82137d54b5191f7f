-- Deletes the rows of deleted drafts.
DELETE FROM invoice AS i USING unnest($1::text::text[]) AS d (document_id) WHERE i.document_id = d.document_id AND i.number IS NULL
