-- The index for the list of a partition's documents in the order of their creation.
CREATE INDEX IF NOT EXISTS invoice_of_firm ON invoice (firm_id, mode, created_position) WHERE fate <> 'withdrawn'
