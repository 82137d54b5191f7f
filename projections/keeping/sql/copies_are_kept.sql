-- Returns whether each of the schemas $1 is now the copy that it is in the snapshot of this transaction; false too where
-- there is none. Rows of pg_namespace come from the snapshot, to_regnamespace looks in the newest catalogue.
SELECT count(*) = cardinality($1::text[])
FROM pg_catalog.pg_namespace AS n
WHERE n.nspname = ANY($1::text[]) AND n.oid = to_regnamespace(n.nspname::text)
