-- Ends session $1 and returns its id; no row if there is none. One revoked before keeps its time. Locks its row.
UPDATE access.session AS s
SET revoked_at = coalesce(s.revoked_at, now())
WHERE s.session_id = $1
RETURNING s.session_id;
