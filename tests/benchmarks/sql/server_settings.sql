-- Returns the server settings on which the figures depend.
SELECT
    current_setting('server_version') AS postgresql,
    current_setting('fsync') AS fsync,
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('full_page_writes') AS full_page_writes;
