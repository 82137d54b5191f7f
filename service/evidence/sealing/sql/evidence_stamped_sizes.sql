-- Returns the sizes of the trees of log $1 whose notes were time-stamped, the smallest first; locks nothing.
SELECT s.size FROM evidence.time_stamp AS s WHERE s.log_id = $1 ORDER BY s.size;
