-- Returns the device sessions, oldest first, of firm $1 or of all if it is null. Locks nothing.
SELECT
    s.session_id,
    s.firm_id,
    s.mode,
    s.user_id,
    s.device_id,
    s.device_name,
    s.platform,
    s.is_admin,
    s.is_auditor,
    extract(EPOCH FROM s.created_at)::bigint AS created_at,
    extract(EPOCH FROM s.expires_at)::bigint AS expires_at,
    extract(EPOCH FROM s.revoked_at)::bigint AS revoked_at
FROM access.session AS s
WHERE $1::text IS NULL OR s.firm_id = $1
ORDER BY s.session_id;
