-- The index for the documents of which most partitions have few: those in other currencies than RON.
CREATE INDEX IF NOT EXISTS invoice_in_other_currency ON invoice (firm_id, mode, currency, created_position) WHERE currency <> 'RON'
