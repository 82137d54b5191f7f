-- The index for the documents of the contents that a search finds.
CREATE INDEX invoice_content ON invoice (content)
