-- Returns the position of the last event of every log.
SELECT h.log_id, h.position FROM log.head AS h ORDER BY h.log_id
