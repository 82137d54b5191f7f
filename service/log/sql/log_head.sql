-- Returns the position of the last event of log $1; no row if there is no such log.
SELECT h.position, h.halted_because FROM log.head AS h WHERE h.log_id = $1;
