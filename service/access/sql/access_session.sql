-- Returns what session $1 stands for; no row if there is none. Locks nothing.
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
    extract(EPOCH FROM s.expires_at)::bigint AS expires_at,
    s.revoked_at IS NOT NULL AS is_revoked,
    f.log_id
FROM access.session AS s
INNER JOIN access.firm AS f USING (firm_id)
WHERE s.session_id = $1;
