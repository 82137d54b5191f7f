-- The index for the history of one document.
CREATE INDEX entry_of_document ON entry (document_id, position) WHERE document_id IS NOT NULL
