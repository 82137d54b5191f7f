-- Returns a row for each of the schemas $1: its identity, which no other copy has, and the definition that it was made
-- with. The identity is null if there is no such schema; the definition is null if the schema has no comment.
SELECT s.name, n.oid::bigint AS identity, obj_description(n.oid, 'pg_namespace') AS definition
FROM unnest($1::text[]) AS s (name)
LEFT JOIN pg_catalog.pg_namespace AS n ON s.name = n.nspname
