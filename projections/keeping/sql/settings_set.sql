-- Gives the session these settings ($1, $2: names and values, in this order). Returns how many. Raises 22023 and 42501.
-- Locks nothing.
SELECT count(set_config(s.name, s.value, FALSE))
FROM unnest($1::text [], $2::text []) AS s (name, value);
