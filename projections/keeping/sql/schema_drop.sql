-- Drops the schema named by subject_set.sql, if there is one. Locks its tables exclusively, but yields to readers
-- before PostgreSQL would look for a deadlock (1 s): raises lock_not_available then.
DO $$
BEGIN
    PERFORM set_config('lock_timeout', '500ms', TRUE);
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', current_setting('projections.schema'));
END;
$$
