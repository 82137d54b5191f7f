-- Numbers that no document carries, and the reason. Rows are added, never changed. `full_number` is how the document
-- of a withdrawn number showed it. `expires_at` is null if there was no token that could expire.
CREATE TABLE gap (
    series_id text COLLATE "C" NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    reason text NOT NULL,
    device_id text,
    reserved_at bigint NOT NULL,
    reserved_by text NOT NULL,
    expires_at bigint,
    ended_at bigint NOT NULL,
    ended_by text NOT NULL,
    reserved_position bigint NOT NULL,
    ended_position bigint NOT NULL,
    reason_text text,
    full_number text,
    CONSTRAINT gap_pk PRIMARY KEY (series_id, first),
    CONSTRAINT gap_is_not_empty CHECK (first <= last),
    CONSTRAINT gap_reason_is_known CHECK (reason IN ('released', 'expired', 'withdrawn', 'lost'))
)
