-- How many documents a partition has and what they come to in RON, so that no list reads them all. Every document is
-- counted in three rows: of grain `whole`, of grain `series`, and of grain `day`. Rows of another grain than `day` have no
-- dates, and rows of grain `whole` have no series either. Withdrawn documents are not counted.
CREATE TABLE total (
    firm_id text COLLATE "C" NOT NULL,
    mode text NOT NULL,
    grain text NOT NULL,
    date date,
    series_id text COLLATE "C",
    due_date date,
    document_type text,
    currency text,
    fate text NOT NULL,
    is_numbered boolean NOT NULL,
    is_reversal boolean NOT NULL,
    is_reversed boolean NOT NULL,
    documents bigint NOT NULL,
    subtotal_ron numeric NOT NULL,
    vat_ron numeric NOT NULL,
    total_ron numeric NOT NULL,
    CONSTRAINT total_is_kept_once UNIQUE NULLS NOT DISTINCT (
        firm_id, mode, grain, date, series_id, due_date, document_type, currency, fate, is_numbered, is_reversal,
        is_reversed
    )
) WITH (fillfactor = 50)
