-- Makes the roles that are missing, lets this user act as each, and lets owner and projector make schemas here. Roles and
-- what they may do with a database are the cluster's: a dump carries neither.
DO $$
DECLARE
    v_role text;
    -- From PostgreSQL 16 on who makes a role may give it to others, and not yet act as it.
    v_as_it CONSTANT text :=
        CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    FOREACH v_role IN ARRAY ARRAY['numbering_owner', 'numbering_writer', 'numbering_reader', 'numbering_projector'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = v_role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', v_role);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN
                    NULL;  -- a migration of another database made it
            END;
        END IF;
        IF NOT pg_catalog.pg_has_role(current_user, v_role, v_as_it) THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', v_role);
        END IF;
    END LOOP;
    FOREACH v_role IN ARRAY ARRAY['numbering_owner', 'numbering_projector'] LOOP
        IF NOT has_database_privilege(v_role, current_database(), 'CREATE') THEN
            EXECUTE format('GRANT CREATE ON DATABASE %I TO %I', current_database(), v_role);
        END IF;
    END LOOP;
    GRANT SELECT ON public.numbering_migration
    TO numbering_owner, numbering_writer, numbering_reader, numbering_projector;
END;
$$;
