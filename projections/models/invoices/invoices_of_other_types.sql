-- The index for the documents of which most partitions have few: those that are not fiscal.
CREATE INDEX IF NOT EXISTS invoice_of_other_type ON invoice (firm_id, mode, document_type, created_position)
WHERE document_type <> 'fiscal'
