-- Makes the schema named by subject_set.sql, with its definition as its comment, which tells whether this program made
-- it, whatever its tables; what is made in it later can be read by readers and writers.
-- Raises duplicate_schema or unique_violation if another process makes it too.
DO $$
DECLARE
    v_schema text := current_setting('projections.schema');
BEGIN
    EXECUTE format('CREATE SCHEMA %I', v_schema);
    EXECUTE format('COMMENT ON SCHEMA %I IS %L', v_schema, current_setting('projections.gets'));
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO numbering_reader, numbering_writer', v_schema);
    EXECUTE format(
        'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO numbering_reader, numbering_writer', v_schema
    );
END;
$$
