-- Writes where each stream of such a log ends, if the log ends at $1.
INSERT INTO log.stream (stream, log_id, version, firm_id, mode)
SELECT e.stream, e.log_id, e.version, e.firm_id, e.mode
FROM log.event AS e
WHERE e.log_id = 1 AND e.position > $1 - 100 AND e.position <= $1;
