-- Returns the position and time of the invoices projection in log $1.
SELECT k.position, k.at FROM invoices.checkpoint AS k WHERE k.log_id = $1
