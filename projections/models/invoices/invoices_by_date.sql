-- The index for the list of a partition's documents, sorted by date.
CREATE INDEX IF NOT EXISTS invoice_by_date ON invoice (firm_id, mode, date, created_position) WHERE fate <> 'withdrawn'
