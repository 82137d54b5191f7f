-- Makes the schema that subject_set.sql named. Its comment holds the definition: by it a program knows whether it made
-- this copy, whatever its tables.
-- Raises duplicate_schema or unique_violation if another process makes the schema at the same time.
DO $$
DECLARE
    v_schema text := current_setting('projections.schema');
BEGIN
    EXECUTE format('CREATE SCHEMA %I', v_schema);
    EXECUTE format('COMMENT ON SCHEMA %I IS %L', v_schema, current_setting('projections.gets'));
END;
$$
