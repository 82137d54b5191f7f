-- Takes the write lock of log $1 until the transaction ends and returns its head; raises LG002 and LG006.
SELECT log.hold($1);
