-- Returns the events of log $1 after position $2 up to $3, in order, with every column, the position of the version
-- before each, and what log.stream says of its stream; locks nothing.
SELECT
    e.position, e.stream, e.version, e.firm_id, e.mode, e.at, e.tag, e.number, e.document_id, e.record,
    p.position AS previous, s.log_id AS stream_log, s.version AS stream_version, s.firm_id AS stream_firm,
    s.mode AS stream_mode
FROM log.event AS e
LEFT JOIN log.event AS p ON e.stream = p.stream AND e.version = p.version + 1
LEFT JOIN log.stream AS s ON e.stream = s.stream
WHERE e.log_id = $1 AND e.position > $2 AND e.position <= $3
ORDER BY e.position;
