-- Gathers statistics on the tables of the schema named by subject_set.sql, without which the first pages of a register
-- are sorted instead of read in the order of the index.
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
