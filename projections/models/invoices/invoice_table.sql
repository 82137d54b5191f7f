-- One row for each document; a draft has no number. Its content is in log.content under the digest `content`, until it
-- is erased. Only the columns for filters and sorting are copied from it, and nothing about a person. `reversal` is the
-- newest standing document that reverses this one.
CREATE TABLE invoice (
    document_id text COLLATE "C" NOT NULL,
    log_id smallint NOT NULL,
    firm_id text COLLATE "C" NOT NULL,
    mode text NOT NULL,
    series_id text COLLATE "C",
    number bigint,
    full_number text,
    date date,
    document_type text,
    fate text NOT NULL,
    reverses text COLLATE "C",
    reversal text COLLATE "C",
    voided_at bigint,
    created_at bigint NOT NULL,
    modified_at bigint NOT NULL,
    created_position bigint NOT NULL,
    position bigint NOT NULL,
    content text NOT NULL,
    reason_content text,
    client_local_uuid text,
    client_id text,
    currency text,
    due_date date,
    subtotal_ron numeric,
    vat_ron numeric,
    total_ron numeric,
    CONSTRAINT invoice_pk PRIMARY KEY (document_id),
    CONSTRAINT invoice_fate_is_known CHECK (fate IN ('standing', 'voided', 'withdrawn')),
    CONSTRAINT invoice_number_is_of_a_series CHECK (number IS NULL OR (series_id IS NOT NULL AND full_number IS NOT NULL))
)
