-- Gathers statistics on the tables of the schema that subject_set.sql named. Without them PostgreSQL sorts the first
-- pages of a register instead of reading them in the order of the index.
DO $$
DECLARE
    v_table regclass;
BEGIN
    FOR v_table IN
        SELECT c.oid
        FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = current_setting('projections.schema')::regnamespace AND c.relkind = 'r'
    LOOP
        EXECUTE format('ANALYZE %s', v_table);
    END LOOP;
END;
$$
