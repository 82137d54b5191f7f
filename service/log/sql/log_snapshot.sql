-- Returns the snapshot of log $1 made by release $2, or no row; locks nothing.
SELECT s.position, s.record_digest, s.state FROM log.snapshot AS s WHERE s.log_id = $1 AND s.release = $2;
