-- One row a document. What it says is in log.content, under the digest `content`, until it is erased.
CREATE TABLE invoice (
    document_id text COLLATE "C" NOT NULL,
    log_id smallint NOT NULL,
    series_id text COLLATE "C" NOT NULL,
    firm_id text COLLATE "C" NOT NULL,
    mode text NOT NULL,
    number bigint NOT NULL,
    date date NOT NULL,
    fate text NOT NULL,
    is_void boolean GENERATED ALWAYS AS (fate = 'voided') STORED,
    voided_at bigint,
    created_at bigint NOT NULL,
    modified_at bigint NOT NULL,
    issued_position bigint NOT NULL,
    position bigint NOT NULL,
    content text NOT NULL,
    reason_content text,
    client_local_uuid text,
    CONSTRAINT invoice_pk PRIMARY KEY (document_id),
    CONSTRAINT invoice_number_is_unique UNIQUE (series_id, number),
    CONSTRAINT invoice_fate_is_known CHECK (fate IN ('standing', 'voided', 'withdrawn'))
)
