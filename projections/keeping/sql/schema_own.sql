-- Gives the schema named by subject_set.sql, and what is in it, to numbering_projector: a copy of the database that was
-- restored without roles belongs to the user that restored it. Locks what it gives.
DO $$
DECLARE
    v_schema regnamespace := to_regnamespace(quote_ident(current_setting('projections.schema')));
    v_commands text[];
    v_command text;
BEGIN
    SELECT array_agg(c.command) INTO v_commands
    FROM (
        SELECT format('ALTER TABLE %s OWNER TO numbering_projector', r.oid::regclass) AS command
        FROM pg_catalog.pg_class AS r
        WHERE r.relnamespace = v_schema AND r.relkind IN ('r', 'v')
        UNION ALL
        SELECT format('ALTER FUNCTION %s OWNER TO numbering_projector', f.oid::regprocedure)
        FROM pg_catalog.pg_proc AS f
        WHERE f.pronamespace = v_schema
    ) AS c;
    EXECUTE format('ALTER SCHEMA %s OWNER TO numbering_projector', v_schema);
    FOREACH v_command IN ARRAY coalesce(v_commands, '{}') LOOP
        EXECUTE v_command;
    END LOOP;
END;
$$
