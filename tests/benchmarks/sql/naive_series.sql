-- One row for each counter.
CREATE TABLE naive.series (
    series_id text NOT NULL,
    next_number bigint NOT NULL,
    CONSTRAINT series_pk PRIMARY KEY (series_id)
);
