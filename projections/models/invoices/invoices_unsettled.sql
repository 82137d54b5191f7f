-- The index for the documents of which a partition has few: drafts and voided ones.
CREATE INDEX IF NOT EXISTS invoice_unsettled ON invoice (firm_id, mode, fate, created_position) WHERE number IS NULL OR fate = 'voided'
