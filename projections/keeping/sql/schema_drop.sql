-- Drops the schema that subject_set.sql named, if it exists. Locks its tables exclusively. Raises lock_not_available
-- after 0.5 s: so it yields to readers before PostgreSQL would look for a deadlock (1 s).
DO $$
BEGIN
    PERFORM set_config('lock_timeout', '500ms', TRUE);
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', current_setting('projections.schema'));
END;
$$
