-- Returns the size of the largest tree of log $1 whose note was time-stamped; null if none was; locks nothing.
SELECT max(s.size) AS size FROM evidence.time_stamp AS s WHERE s.log_id = $1;
