-- The index for the reversal of a document.
CREATE INDEX IF NOT EXISTS invoice_reversal ON invoice (reverses) WHERE reverses IS NOT NULL
