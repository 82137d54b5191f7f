-- 0014: credentials of auditors, which read and never write, and what was read with them.

SET LOCAL ROLE numbering_owner;

ALTER TABLE access.api_key ADD COLUMN is_auditor boolean NOT NULL DEFAULT false;

ALTER TABLE access.session
ADD COLUMN is_auditor boolean NOT NULL DEFAULT false,
ADD CONSTRAINT session_auditor_is_no_admin CHECK (NOT (is_admin AND is_auditor));

-- One row for each request of an auditor: the credential, the call, the ids in its path, its filter, its status. It holds
-- no token and no text that a person typed. `read_key` is drawn by the process, so a batch that is sent again adds nothing.
CREATE TABLE access.audit_read (
    read_id bigint GENERATED ALWAYS AS IDENTITY,
    read_key uuid NOT NULL,
    firm_id text NOT NULL,
    mode text NOT NULL,
    at timestamptz NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT audit_read_pk PRIMARY KEY (read_id),
    CONSTRAINT audit_read_is_kept_once UNIQUE (read_key)
);

CREATE INDEX audit_read_of_firm ON access.audit_read (firm_id, mode, read_id);
CREATE INDEX audit_read_by_time ON access.audit_read (at);

-- Forgets at most p_limit of the reads before this time, the oldest first, and returns how many. The service may add
-- and forget by age; it can neither change a row nor forget a young one (30 days).
CREATE FUNCTION access.forget_audit_reads(p_before bigint, p_limit integer) RETURNS bigint
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM access.audit_read AS r
        WHERE r.read_id IN (
            SELECT o.read_id
            FROM access.audit_read AS o
            WHERE o.at < least(to_timestamp(p_before), now() - interval '30 days')
            ORDER BY o.at
            LIMIT p_limit
            FOR UPDATE SKIP LOCKED
        )
        RETURNING r.read_id
    )
    SELECT count(*) FROM gone;
END;

REVOKE ALL ON FUNCTION access.forget_audit_reads(bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.forget_audit_reads(bigint, integer) TO numbering_writer;
GRANT SELECT, INSERT ON access.audit_read TO numbering_writer;

RESET ROLE;
