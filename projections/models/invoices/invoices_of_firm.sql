-- The index for the list of a partition's documents, newest first.
CREATE INDEX invoice_of_firm ON invoice (firm_id, mode, created_position DESC)
