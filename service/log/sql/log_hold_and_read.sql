-- Takes the write lock of log $1 until the transaction ends and returns its head, with at most $3 records after
-- position $2, in order; the first row has no record. Raises LG002 and LG006.
SELECT h.head, h.record FROM log.hold_and_read($1, $2, $3) AS h;
