-- Explanations of gaps, each from one event. Rows are added, never changed; of several about one number the last counts.
CREATE TABLE explanation (
    series_id text COLLATE "C" NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    code text NOT NULL,
    text text NOT NULL,
    explained_at bigint NOT NULL,
    explained_by text NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT explanation_pk PRIMARY KEY (series_id, position),
    CONSTRAINT explanation_is_not_empty CHECK (first <= last)
)
