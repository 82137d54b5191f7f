-- The index for the reversal of a document.
CREATE INDEX invoice_reversal ON invoice (reverses) WHERE reverses IS NOT NULL
