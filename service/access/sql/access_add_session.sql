-- Adds a device session and returns its id. Raises session_firm_exists if there is no such firm.
INSERT INTO access.session (firm_id, mode, user_id, device_id, device_name, platform, is_admin, expires_at, is_auditor)
VALUES ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8::bigint), $9)
RETURNING session_id;
