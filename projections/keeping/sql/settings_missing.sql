-- Returns which of these settings ($1) the session did not get from whoever connected, and `role` if it does not act as
-- the role $2 (null: whoever the user is); locks nothing.
SELECT s.name
FROM pg_settings AS s
WHERE s.name = ANY($1::text []) AND s.source NOT IN ('client', 'session')
UNION ALL
SELECT 'role' AS name
WHERE current_user <> $2::text
ORDER BY name;
