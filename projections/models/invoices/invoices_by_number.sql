-- The index for the list of a partition's documents, sorted by number.
CREATE INDEX IF NOT EXISTS invoice_by_number ON invoice (firm_id, mode, number, created_position) WHERE fate <> 'withdrawn'
