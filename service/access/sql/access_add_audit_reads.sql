-- Adds reads of auditors, each once, however often it is sent; locks nothing that a reader needs.
INSERT INTO access.audit_read (read_key, firm_id, mode, at, body)
SELECT g.read_key, g.firm_id, g.mode, to_timestamp(g.at), g.body
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::jsonb[]) AS g (read_key, firm_id, mode, at, body)
ON CONFLICT (read_key) DO NOTHING;
