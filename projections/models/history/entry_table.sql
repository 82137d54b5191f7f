-- One row for each event, without personal data. `stream` is a series or a draft; `first`, `last` and `count` say which
-- numbers the event is about.
CREATE TABLE entry (
    log_id smallint NOT NULL,
    position bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    document_id text COLLATE "C",
    firm_id text COLLATE "C" NOT NULL,
    mode text NOT NULL,
    at bigint NOT NULL,
    event text NOT NULL,
    actor_kind text NOT NULL,
    actor_id text NOT NULL,
    device_id text,
    first bigint,
    last bigint,
    count bigint NOT NULL,
    CONSTRAINT entry_pk PRIMARY KEY (log_id, position),
    CONSTRAINT entry_version_is_unique UNIQUE (stream, version)
)
