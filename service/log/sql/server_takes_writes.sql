-- Returns whether a transaction of this session may write: not on a standby, nor where the database is read-only.
SELECT current_setting('transaction_read_only') = 'off' AS takes_writes;
