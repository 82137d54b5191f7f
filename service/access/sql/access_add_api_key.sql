-- Adds an API key by its SHA-256 and returns its id. Raises api_key_firm_exists if there is no such firm.
INSERT INTO access.api_key (firm_id, mode, user_id, secret_sha256, last_four, expires_at, is_auditor)
VALUES ($1, $2, $3, $4, $5, to_timestamp($6::bigint), $7)
RETURNING key_id;
