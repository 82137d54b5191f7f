-- Forgets at most $2 reads of auditors from before $1 (Unix seconds) and returns how many; locks those rows.
SELECT access.forget_audit_reads($1, $2);
