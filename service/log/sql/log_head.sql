-- Returns the head of log $1 and why it is halted, if it is; locks nothing.
SELECT h.position, h.halted_because FROM log.head AS h WHERE h.log_id = $1;
