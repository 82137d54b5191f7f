-- Acts as the projector for the rest of the transaction.
SET LOCAL ROLE numbering_projector
