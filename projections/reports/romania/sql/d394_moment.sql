-- Returns the position and time of the register in log $1, and the position of the invoices there. From here to the end
-- of the transaction, statements are planned for their parameters, and none is compiled.
SELECT
    k.position, k.at, i.position AS rows_position, set_config('plan_cache_mode', 'force_custom_plan', TRUE),
    set_config('jit', 'off', TRUE)
FROM register.checkpoint AS k
INNER JOIN invoices.checkpoint AS i ON k.log_id = i.log_id
WHERE k.log_id = $1
