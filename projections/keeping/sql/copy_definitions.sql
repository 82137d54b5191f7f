-- Returns of each of the schemas $1 its identity, which no other copy has, null if it is not there; and the definition it
-- was made with, if it says one.
SELECT s.name, n.oid::bigint AS identity, obj_description(n.oid, 'pg_namespace') AS definition
FROM unnest($1::text[]) AS s (name)
LEFT JOIN pg_catalog.pg_namespace AS n ON s.name = n.nspname
