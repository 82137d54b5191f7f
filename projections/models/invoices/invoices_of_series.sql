-- The index for the documents of a series.
CREATE INDEX IF NOT EXISTS invoice_of_series ON invoice (firm_id, mode, series_id, created_position) WHERE fate <> 'withdrawn'
