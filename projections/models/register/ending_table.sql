-- What became of the numbers `first` .. `last`; a taken number that no row covers is pending. Ranges do not overlap, so
-- the order of their last numbers is their order, and a page can begin inside a range. Facts of the block are copied
-- into the row, which saves a join. `is_inverted` says that a document stands and is dated before the standing document
-- with the next lower number.
CREATE TABLE ending (
    series_id text COLLATE "C" NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    fate text NOT NULL,
    device_id text,
    reserved_at bigint NOT NULL,
    ended_at bigint NOT NULL,
    document_id text,
    full_number text,
    date text COLLATE "C",
    is_inverted boolean NOT NULL DEFAULT false,
    reserved_position bigint NOT NULL,
    ended_position bigint NOT NULL,
    CONSTRAINT ending_pk PRIMARY KEY (series_id, last),
    CONSTRAINT ending_is_not_empty CHECK (first <= last),
    CONSTRAINT ending_fate_is_known CHECK (fate IN ('standing', 'voided', 'withdrawn', 'released', 'expired', 'lost')),
    CONSTRAINT ending_of_a_document_is_one_number CHECK (document_id IS NULL OR first = last)
)
