-- Lets readers and writers read the schema named by subject_set.sql, what is in it and what is made in it later. Run as
-- the schema's owner.
DO $$
DECLARE
    v_schema text := current_setting('projections.schema');
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO numbering_reader, numbering_writer', v_schema);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO numbering_reader, numbering_writer', v_schema);
    EXECUTE format(
        'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO numbering_reader, numbering_writer', v_schema
    );
END;
$$
