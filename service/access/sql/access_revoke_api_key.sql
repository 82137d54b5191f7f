-- Ends API key $1 and returns its id; no row if there is none. One revoked before keeps its time. Locks its row.
UPDATE access.api_key AS k
SET revoked_at = coalesce(k.revoked_at, now())
WHERE k.key_id = $1
RETURNING k.key_id;
