-- Time stamps: what an authority of RFC 3161 answered when it was shown a note (service/evidence/README.md section 7).

SET LOCAL ROLE numbering_owner;

-- One a note; `response` is a TimeStampResp in DER, of the note without the lines of witnesses.
CREATE TABLE evidence.time_stamp (
    log_id smallint NOT NULL,
    size bigint NOT NULL,
    response bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT time_stamp_pk PRIMARY KEY (log_id, size),
    CONSTRAINT time_stamp_note_exists FOREIGN KEY (log_id, size) REFERENCES evidence.note (log_id, size),
    CONSTRAINT time_stamp_is_short CHECK (length(response) <= 65536)
);

CREATE TRIGGER time_stamp_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence.time_stamp
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE evidence.time_stamp ENABLE ALWAYS TRIGGER time_stamp_only_grows;

-- Keeps the time stamp of a note, unless it has one.
CREATE FUNCTION evidence.keep_stamp(p_log smallint, p_size bigint, p_response bytea) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
INSERT INTO evidence.time_stamp (log_id, size, response) VALUES (p_log, p_size, p_response)
ON CONFLICT ON CONSTRAINT time_stamp_pk DO NOTHING;
$$;

GRANT SELECT ON evidence.time_stamp TO numbering_writer, numbering_reader, numbering_projector;
REVOKE ALL ON FUNCTION evidence.keep_stamp FROM PUBLIC;
GRANT EXECUTE ON FUNCTION evidence.keep_stamp TO numbering_writer;

RESET ROLE;
