-- Returns at most $4 reads of auditors of firm $1 in mode $2, before read $3 if it is not null,
-- newest first; of every mode if $2 is null. Locks nothing.
SELECT r.read_id, r.mode, extract(EPOCH FROM r.at)::bigint AS at, r.body::text AS body
FROM access.audit_read AS r
WHERE r.firm_id = $1
    AND ($2::text IS NULL OR r.mode = $2)
    AND ($3::bigint IS NULL OR r.read_id < $3)
ORDER BY r.read_id DESC
LIMIT $4;
