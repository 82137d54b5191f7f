-- Returns the API keys, oldest first, of firm $1 or of all if it is null. Locks nothing.
SELECT
    k.key_id,
    k.firm_id,
    k.mode,
    k.last_four,
    k.user_id,
    k.is_auditor,
    extract(EPOCH FROM k.created_at)::bigint AS created_at,
    extract(EPOCH FROM k.expires_at)::bigint AS expires_at,
    extract(EPOCH FROM k.revoked_at)::bigint AS revoked_at
FROM access.api_key AS k
WHERE $1::text IS NULL OR k.firm_id = $1
ORDER BY k.key_id;
