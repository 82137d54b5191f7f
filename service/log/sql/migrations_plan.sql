-- Returns what this user may see before `migrate`: whether it may read the list of migrations and the notes of privileges
-- (null: there are none), which roles of $1 are missing, of which it is no member, and whether another process migrates
-- at this moment. Locks nothing.
SELECT
    has_table_privilege(to_regclass('public.numbering_migration')::oid, 'SELECT') AS may_read_list,
    has_schema_privilege(to_regnamespace('log')::oid, 'USAGE')
    AND has_table_privilege(to_regclass('log.noted_privilege')::oid, 'SELECT') AS may_read_notes,
    ARRAY(
        SELECT w.name
        FROM unnest($1::text []) AS w (name)
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = w.name)
    ) AS missing,
    ARRAY(
        SELECT r.rolname::text
        FROM pg_catalog.pg_roles AS r
        WHERE r.rolname = ANY($1::text []) AND NOT pg_has_role(current_user, r.oid, 'MEMBER')
        ORDER BY r.rolname
    ) AS not_ours,
    EXISTS (
        SELECT FROM pg_catalog.pg_locks AS l
        WHERE l.locktype = 'advisory'
            AND l.granted
            AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
            AND ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended('numbering migrate', 0)
    ) AS is_running;
