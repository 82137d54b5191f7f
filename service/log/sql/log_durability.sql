-- Returns the settings a durable commit depends on; locks nothing.
SELECT
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    current_setting('server_version_num')::integer AS server_version;
