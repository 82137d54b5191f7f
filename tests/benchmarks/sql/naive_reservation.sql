-- One row for each number that was given.
CREATE TABLE naive.reservation (
    series_id text NOT NULL,
    number bigint NOT NULL,
    device_id text NOT NULL,
    CONSTRAINT reservation_pk PRIMARY KEY (series_id, number)
);
