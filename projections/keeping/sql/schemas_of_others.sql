-- Returns those of the schemas $1 that do not belong to numbering_projector; locks nothing.
SELECT n.nspname::text AS schema
FROM pg_catalog.pg_namespace AS n
WHERE n.nspname = ANY($1::text[]) AND pg_catalog.pg_get_userbyid(n.nspowner) <> 'numbering_projector'
