-- The index for a part of a full number, where trigrams can be had.
DO $$
DECLARE
    v_schema text := (
        SELECT n.nspname FROM pg_extension AS e INNER JOIN pg_namespace AS n ON e.extnamespace = n.oid
        WHERE e.extname = 'pg_trgm'
    );
BEGIN
    IF v_schema IS NOT NULL THEN
        EXECUTE format(
            'CREATE INDEX IF NOT EXISTS invoice_full_number ON invoice USING gin (log.folded(full_number) %I.gin_trgm_ops)', v_schema
        );
    END IF;
END;
$$
