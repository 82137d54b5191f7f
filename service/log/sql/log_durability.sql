-- Returns the settings a durable commit depends on, and for how many milliseconds a silent session keeps its locks (0:
-- for ever); locks nothing.
SELECT
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    (
        SELECT s.setting::integer FROM pg_settings AS s WHERE s.name = 'idle_in_transaction_session_timeout'
    ) AS silent_milliseconds,
    current_setting('server_version_num')::integer AS server_version;
