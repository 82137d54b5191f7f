-- One row for each series. The last constraint is the accounting equation: PostgreSQL refuses a row that breaks it.
CREATE TABLE counter (
    series_id text COLLATE "C" NOT NULL,
    log_id smallint NOT NULL,
    firm_id text COLLATE "C" NOT NULL,
    mode text NOT NULL,
    name text NOT NULL,
    document_type text NOT NULL,
    opened_at bigint NOT NULL,
    position bigint NOT NULL,
    start_number bigint NOT NULL,
    next_number bigint NOT NULL,
    standing bigint NOT NULL DEFAULT 0,
    voided bigint NOT NULL DEFAULT 0,
    withdrawn bigint NOT NULL DEFAULT 0,
    pending bigint NOT NULL DEFAULT 0,
    released bigint NOT NULL DEFAULT 0,
    expired bigint NOT NULL DEFAULT 0,
    lost bigint NOT NULL DEFAULT 0,
    CONSTRAINT counter_pk PRIMARY KEY (series_id),
    CONSTRAINT counter_terms_are_not_negative CHECK (
        standing >= 0 AND voided >= 0 AND withdrawn >= 0 AND pending >= 0 AND released >= 0 AND expired >= 0
        AND lost >= 0
    ),
    CONSTRAINT counter_accounts_for_every_number CHECK (
        next_number - start_number = standing + voided + withdrawn + pending + released + expired + lost
    )
)
