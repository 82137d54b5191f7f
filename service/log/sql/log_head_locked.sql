-- Returns the position of the last event of log $1, and why the log is halted if it is; no row if there is no such log.
-- For the owner. Takes the write lock of the log until the transaction ends, also of a halted log.
SELECT h.position, h.halted_because FROM log.head AS h WHERE h.log_id = $1 FOR UPDATE;
