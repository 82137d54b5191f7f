-- Returns whether each of the schemas $1 exists and has the same identity now as in the snapshot of this transaction.
-- Rows of pg_namespace come from the snapshot; to_regnamespace looks in the newest catalogue.
SELECT count(*) = cardinality($1::text[])
FROM pg_catalog.pg_namespace AS n
WHERE n.nspname = ANY($1::text[]) AND n.oid = to_regnamespace(n.nspname::text)
