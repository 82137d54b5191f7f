-- The index for the documents of a client.
CREATE INDEX IF NOT EXISTS invoice_of_client ON invoice (firm_id, mode, client_id, created_position) WHERE fate <> 'withdrawn'
