-- Renames the schema as subject_set.sql says. Locks no table, so it does not wait for a transaction that reads the copy
-- or waits for one of its rows.
DO $$
BEGIN
    EXECUTE format(
        'ALTER SCHEMA %I RENAME TO %I', current_setting('projections.schema'), current_setting('projections.gets')
    );
END;
$$
