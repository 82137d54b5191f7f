-- Returns the position and time of the invoices projection in log $1. From here to the end of the transaction, statements
-- are planned for their parameters: which index a list reads depends on its filters and its order. None is compiled.
SELECT k.position, k.at, set_config('plan_cache_mode', 'force_custom_plan', TRUE), set_config('jit', 'off', TRUE)
FROM invoices.checkpoint AS k
WHERE k.log_id = $1
