-- Returns the position of each projection in log $1; a projection without a checkpoint for it has no row. Locks nothing.
SELECT 'counters' AS projection, c.position FROM counters.checkpoint AS c WHERE c.log_id = $1
UNION ALL
SELECT 'gaps', c.position FROM gaps.checkpoint AS c WHERE c.log_id = $1
UNION ALL
SELECT 'invoices', c.position FROM invoices.checkpoint AS c WHERE c.log_id = $1
UNION ALL
SELECT 'register', c.position FROM register.checkpoint AS c WHERE c.log_id = $1
