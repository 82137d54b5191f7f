-- The index for the list of a partition's documents, sorted by total.
CREATE INDEX IF NOT EXISTS invoice_by_total ON invoice (firm_id, mode, total_ron, created_position) WHERE fate <> 'withdrawn'
