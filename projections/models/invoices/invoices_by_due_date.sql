-- The index for the list of a partition's documents, sorted by due date.
CREATE INDEX IF NOT EXISTS invoice_by_due_date ON invoice (firm_id, mode, due_date, created_position) WHERE fate <> 'withdrawn'
