-- Returns the event that put number $2 of series $1 on a document, or no row; locks nothing.
SELECT e.record FROM log.event AS e
WHERE e.stream = $1 AND e.number = $2 AND e.tag LIKE 'reservation-consumed/%';
