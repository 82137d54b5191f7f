-- Returns whether there is a schema named $1.
SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace AS n WHERE n.nspname = $1)
