-- Renames the schema as subject_set.sql says. Locks no table: who waits for a row of the renamed copy is not waited for.
DO $$
BEGIN
    EXECUTE format(
        'ALTER SCHEMA %I RENAME TO %I', current_setting('projections.schema'), current_setting('projections.gets')
    );
END;
$$
