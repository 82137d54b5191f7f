-- Returns the process id of the backend that answers, and whether a pooler gave names of its own to what is prepared in
-- it, as PgBouncer does where it pools transactions; locks nothing.
SELECT
    pg_backend_pid() AS backend,
    EXISTS (SELECT FROM pg_prepared_statements AS p WHERE p.name LIKE 'PGBOUNCER%') AS is_renamed;
