-- Returns whether the owners and privileges of the schema log were noted, whether any is, and whether its owner is the
-- right one; nulls where there is no such schema.
SELECT
    to_regclass('log.noted_owner') IS NOT NULL AS is_notable,
    pg_catalog.pg_get_userbyid(n.nspowner) = 'numbering_owner' AS is_owned
FROM (SELECT to_regnamespace('log') AS oid) AS l
LEFT JOIN pg_catalog.pg_namespace AS n ON l.oid = n.oid;
