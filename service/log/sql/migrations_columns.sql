-- Lets the list of migrations say which older releases run with each (`runs_with`, the number of a schema; null: not one
-- that is started from now on), and the release it came with. An older release can read it, so it is here and in no
-- migration. Locks the list, once.
DO $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = 'public.numbering_migration'::regclass AND a.attname = 'runs_with'
    ) THEN
        ALTER TABLE public.numbering_migration ADD COLUMN runs_with integer, ADD COLUMN release text;
    END IF;
END;
$$;
