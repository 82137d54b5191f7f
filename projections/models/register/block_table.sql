-- Blocks that have pending numbers; a block whose numbers have all ended is deleted.
CREATE TABLE block (
    series_id text COLLATE "C" NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    pending bigint NOT NULL,
    device_id text,
    reserved_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT block_pk PRIMARY KEY (series_id, last),
    CONSTRAINT block_position_is_unique UNIQUE (series_id, position),
    CONSTRAINT block_is_not_empty CHECK (first <= last),
    CONSTRAINT block_pending_fits CHECK (pending BETWEEN 0 AND last - first + 1)
)
