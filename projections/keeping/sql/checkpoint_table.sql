-- The last position of each log that this copy contains, and the time of that event.
CREATE TABLE checkpoint (
    log_id smallint NOT NULL,
    position bigint NOT NULL,
    at bigint,
    CONSTRAINT checkpoint_pk PRIMARY KEY (log_id),
    CONSTRAINT checkpoint_is_not_negative CHECK (position >= 0)
)
