-- Gives the session these settings ($1, $2: names and values, in this order), and returns the process id of its backend.
-- Raises 22023 and 42501, such as for a role that is not there, or not this user's. Locks nothing.
SELECT max(pg_backend_pid()) AS backend
FROM unnest($1::text [], $2::text []) AS s (name, value)
WHERE set_config(s.name, s.value, FALSE) IS NOT NULL;
