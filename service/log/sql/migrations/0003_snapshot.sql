-- What the log came to at a position, so that a process need not fold it whole to begin. A cache: the log alone is the
-- truth, and a snapshot that is missing, of another release or of another history is passed over.

SET LOCAL ROLE numbering_owner;

CREATE TABLE log.snapshot (
    log_id smallint NOT NULL,
    position bigint NOT NULL,
    release text NOT NULL,
    record_digest bytea NOT NULL,
    state bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT snapshot_pk PRIMARY KEY (log_id),
    CONSTRAINT snapshot_log_exists FOREIGN KEY (log_id) REFERENCES log.head (log_id)
);

-- Keeps the snapshot in place of an older one, or of one of another release. Locks the row of the log's snapshot.
CREATE FUNCTION log.keep_snapshot(
    p_log smallint, p_position bigint, p_release text, p_record_digest bytea, p_state bytea
) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
INSERT INTO log.snapshot AS s (log_id, position, release, record_digest, state)
VALUES (p_log, p_position, p_release, p_record_digest, p_state)
ON CONFLICT ON CONSTRAINT snapshot_pk DO UPDATE SET
    position = excluded.position,
    release = excluded.release,
    record_digest = excluded.record_digest,
    state = excluded.state,
    at = now()
WHERE s.position < excluded.position OR s.release <> excluded.release;
$$;

GRANT SELECT ON log.snapshot TO numbering_writer;
REVOKE ALL ON FUNCTION log.keep_snapshot FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.keep_snapshot TO numbering_writer;

RESET ROLE;
