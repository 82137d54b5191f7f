-- Returns the types of events that the migrations of this database know; locks nothing.
SELECT t.tag FROM log.event_type AS t;
