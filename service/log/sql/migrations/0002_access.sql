-- Who may call: firms, their API keys and their device sessions. Operators write it, the service reads it.

SET LOCAL ROLE numbering_owner;

CREATE SCHEMA access;

CREATE TABLE access.firm (
    firm_id text NOT NULL,
    name text NOT NULL,
    log_id smallint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT firm_pk PRIMARY KEY (firm_id),
    CONSTRAINT firm_log_exists FOREIGN KEY (log_id) REFERENCES log.head (log_id)
);

-- A key is kept as its SHA-256 only: it is 24 random characters, so the digest gives nothing away.
CREATE TABLE access.api_key (
    key_id bigint GENERATED ALWAYS AS IDENTITY,
    firm_id text NOT NULL,
    mode text NOT NULL,
    secret_sha256 bytea NOT NULL,
    last_four text NOT NULL,
    user_id bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_key_pk PRIMARY KEY (key_id),
    CONSTRAINT api_key_firm_exists FOREIGN KEY (firm_id) REFERENCES access.firm (firm_id),
    CONSTRAINT api_key_mode_is_known CHECK (mode IN ('live', 'test')),
    CONSTRAINT api_key_is_unique UNIQUE (secret_sha256)
);

-- What a session token stands for; `device_id` is the app installation, which outlives the session.
CREATE TABLE access.session (
    session_id bigint GENERATED ALWAYS AS IDENTITY,
    firm_id text NOT NULL,
    mode text NOT NULL,
    user_id bigint NOT NULL,
    device_id text NOT NULL,
    device_name text NOT NULL,
    platform text,
    is_admin boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT session_pk PRIMARY KEY (session_id),
    CONSTRAINT session_firm_exists FOREIGN KEY (firm_id) REFERENCES access.firm (firm_id),
    CONSTRAINT session_mode_is_known CHECK (mode IN ('live', 'test')),
    CONSTRAINT session_platform_is_known CHECK (platform IN ('ios', 'android', 'web'))
);

CREATE INDEX session_of_firm ON access.session (firm_id);

GRANT USAGE ON SCHEMA access TO numbering_writer, numbering_reader;
GRANT SELECT ON access.firm, access.api_key, access.session TO numbering_writer;
GRANT SELECT ON access.firm TO numbering_reader;

RESET ROLE;
