-- Returns what the API key with SHA-256 $1 stands for; no row if there is none. Locks nothing.
SELECT
    k.key_id,
    k.firm_id,
    k.mode,
    k.user_id,
    k.is_auditor,
    extract(EPOCH FROM k.expires_at)::bigint AS expires_at,
    k.revoked_at IS NOT NULL AS is_revoked,
    f.log_id
FROM access.api_key AS k
INNER JOIN access.firm AS f USING (firm_id)
WHERE k.secret_sha256 = $1;
