-- Makes the list of migrations that ran here, if it is not there yet.
CREATE TABLE IF NOT EXISTS public.numbering_migration (
    name text NOT NULL,
    digest text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT numbering_migration_pk PRIMARY KEY (name)
);
