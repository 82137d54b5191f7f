-- The log: who may write it, what it refuses, and the one function that appends to it.
-- Roles are the cluster's, not the database's: they may exist already, made by another database or by the operator.

DO $$
DECLARE
    v_role text;
BEGIN
    FOREACH v_role IN ARRAY ARRAY['numbering_owner', 'numbering_writer', 'numbering_reader', 'numbering_projector'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = v_role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', v_role);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN
                    NULL;  -- another migration made it in the meantime
            END;
        END IF;
        IF NOT pg_catalog.pg_has_role(current_user, v_role, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', v_role);
        END IF;
    END LOOP;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO numbering_owner, numbering_projector', current_database());
END;
$$;

SET LOCAL ROLE numbering_owner;

CREATE SCHEMA log;

-- One row a log. Its row lock is the write lock of the log: whoever appends holds it from before the first read until
-- the commit is durable, so positions follow commit order.
CREATE TABLE log.head (
    log_id smallint NOT NULL,
    position bigint NOT NULL DEFAULT 0,
    halted_because text,
    CONSTRAINT head_pk PRIMARY KEY (log_id),
    CONSTRAINT head_position_is_not_negative CHECK (position >= 0)
);

INSERT INTO log.head (log_id) VALUES (1);

CREATE TABLE log.event (
    log_id smallint NOT NULL,
    position bigint NOT NULL,
    stream text NOT NULL,
    version bigint NOT NULL,
    firm_id text NOT NULL,
    mode text NOT NULL,
    at bigint NOT NULL,
    tag text NOT NULL,
    number bigint,
    document_id text,
    record text NOT NULL,
    CONSTRAINT event_pk PRIMARY KEY (log_id, position),
    CONSTRAINT event_version_is_unique UNIQUE (stream, version),
    CONSTRAINT event_position_is_positive CHECK (position >= 1),
    CONSTRAINT event_version_is_positive CHECK (version >= 1)
);

-- A number carries at most one document, and a document one number, whatever the service believes.
CREATE UNIQUE INDEX event_one_document_a_number ON log.event (stream, number)
WHERE tag LIKE 'reservation-consumed/%';

CREATE UNIQUE INDEX event_one_number_a_document ON log.event (document_id)
WHERE tag LIKE 'reservation-consumed/%';

CREATE INDEX event_of_document ON log.event (document_id, position)
WHERE document_id IS NOT NULL;

-- The last version of each stream; versions have no holes because an append must continue from here.
CREATE TABLE log.stream (
    stream text NOT NULL,
    log_id smallint NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT stream_pk PRIMARY KEY (stream)
);

-- The numbers of each series as a chain: a range begins where an earlier one ended (no gap, no overlap), and nothing
-- else begins there (no fork). The row of the opened series has no first number and ends before the start number.
CREATE TABLE log.allocation (
    stream text NOT NULL,
    first bigint,
    next bigint NOT NULL,
    CONSTRAINT allocation_pk PRIMARY KEY (stream, next),
    CONSTRAINT allocation_has_no_fork UNIQUE (stream, first),
    CONSTRAINT allocation_has_no_gap FOREIGN KEY (stream, first) REFERENCES log.allocation (stream, next),
    CONSTRAINT allocation_is_not_empty CHECK (next > first),
    CONSTRAINT allocation_starts_at_one_or_later CHECK (next >= 1),
    CONSTRAINT allocation_is_exact_in_json CHECK (next <= 9007199254740992)
);

CREATE UNIQUE INDEX allocation_has_one_root ON log.allocation (stream)
WHERE first IS NULL;

-- What documents say, apart from the events that carry its digest: it can be erased, and the log still verifies.
CREATE TABLE log.content (
    digest bytea NOT NULL,
    salt bytea NOT NULL,
    body text NOT NULL,
    CONSTRAINT content_pk PRIMARY KEY (digest),
    CONSTRAINT content_matches_digest CHECK (digest = sha256(salt || convert_to(body, 'UTF8')))
);

-- What was answered under an idempotency key. `key` is a digest of the key and its scope, `request` of the body.
CREATE TABLE log.answer (
    key bytea NOT NULL,
    log_id smallint NOT NULL,
    request bytea NOT NULL,
    outcome text NOT NULL,
    position bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT answer_pk PRIMARY KEY (key)
);

CREATE INDEX answer_by_age ON log.answer (at);

-- Commits nobody may take back: see log.barrier.
CREATE TABLE log.beat (
    log_id smallint NOT NULL,
    reader text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT beat_pk PRIMARY KEY (log_id, reader)
);

CREATE FUNCTION log.refuse_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '% of %.% is refused: the log only grows', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'LG005';
END;
$$;

CREATE TRIGGER event_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON log.event
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.event ENABLE ALWAYS TRIGGER event_only_grows;

CREATE TRIGGER allocation_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON log.allocation
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.allocation ENABLE ALWAYS TRIGGER allocation_only_grows;

CREATE TRIGGER head_stays BEFORE DELETE OR TRUNCATE ON log.head
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.head ENABLE ALWAYS TRIGGER head_stays;

CREATE TRIGGER stream_stays BEFORE DELETE OR TRUNCATE ON log.stream
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.stream ENABLE ALWAYS TRIGGER stream_stays;

CREATE TRIGGER content_only_grows BEFORE UPDATE OR TRUNCATE ON log.content
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.content ENABLE ALWAYS TRIGGER content_only_grows;

CREATE TRIGGER answer_only_grows BEFORE UPDATE OR TRUNCATE ON log.answer
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.answer ENABLE ALWAYS TRIGGER answer_only_grows;

-- Appends records after p_expected and returns the new head. All or nothing; durable when the caller's commit returns.
-- Locks the row of log.head until that commit.
-- Raises LG001 the head is not p_expected (DETAIL: the head), LG002 no such log, LG003 the records do not continue the
-- log or their streams, LG004 one of the keys has an answer, LG006 the log is halted (DETAIL: why), and the named
-- constraints above where numbers would have a gap, an overlap, a fork or two documents.
CREATE FUNCTION log.append(
    p_log smallint,
    p_expected bigint,
    p_records text[],
    p_digests bytea[],
    p_salts bytea[],
    p_bodies text[],
    p_keys bytea[],
    p_requests bytea[],
    p_outcomes text[]
) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- Planning the statement below takes longer than running it for a small batch, and its plan is always the same.
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    v_head bigint;
    v_halted_because text;
    v_new_head bigint := p_expected + cardinality(p_records);
    v_written bigint;
BEGIN
    SELECT h.position, h.halted_because INTO v_head, v_halted_because
    FROM log.head AS h
    WHERE h.log_id = p_log
    FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'log % does not exist', p_log USING ERRCODE = 'LG002';
    END IF;
    IF v_halted_because IS NOT NULL THEN
        RAISE EXCEPTION 'log % is halted', p_log USING ERRCODE = 'LG006', DETAIL = v_halted_because;
    END IF;
    IF v_head <> p_expected THEN
        RAISE EXCEPTION 'log % is at %, not at %', p_log, v_head, p_expected
            USING ERRCODE = 'LG001', DETAIL = v_head::text;
    END IF;

    -- First of all: who repeats an answered request is told so, and not that its document has a number.
    IF cardinality(p_keys) > 0 THEN
        INSERT INTO log.answer (key, log_id, request, outcome, position)
        SELECT a.key, p_log, a.request, a.outcome, v_new_head
        FROM unnest(p_keys, p_requests, p_outcomes) AS a (key, request, outcome)
        ON CONFLICT ON CONSTRAINT answer_pk DO NOTHING;
        GET DIAGNOSTICS v_written = ROW_COUNT;
        IF v_written <> cardinality(p_keys) THEN
            RAISE EXCEPTION 'a key of this batch has an answer' USING ERRCODE = 'LG004';
        END IF;
    END IF;

    -- `base` is the version the stream must have before: the same for all its records if theirs count up from it.
    WITH given AS MATERIALIZED (
        SELECT
            g.ordinality, g.record, r.*,
            r.version - row_number() OVER (PARTITION BY r.stream ORDER BY g.ordinality) AS base
        FROM unnest(p_records) WITH ORDINALITY AS g (record, ordinality)
        CROSS JOIN LATERAL jsonb_to_record(g.record::jsonb) AS r (
            log smallint, position bigint, stream text, version bigint, firm_id text, mode text, at bigint, event jsonb
        )
    ),
    written AS (
        INSERT INTO log.event (
            log_id, position, stream, version, firm_id, mode, at, tag, number, document_id, record
        )
        SELECT
            g.log, g.position, g.stream, g.version, g.firm_id, g.mode, g.at, g.event ->> 'type',
            (g.event ->> 'number')::bigint, g.event ->> 'document_id', g.record
        FROM given AS g
        WHERE g.log = p_log AND g.position = p_expected + g.ordinality
        RETURNING 1
    ),
    allocated AS (
        INSERT INTO log.allocation (stream, first, next)
        SELECT g.stream, (g.event ->> 'first')::bigint, (g.event ->> 'last')::bigint + 1
        FROM given AS g
        WHERE g.event ->> 'type' LIKE 'numbers-reserved/%'
        UNION ALL
        SELECT g.stream, NULL, (g.event ->> 'start_number')::bigint
        FROM given AS g
        WHERE g.event ->> 'type' LIKE 'series-opened/%'
    ),
    continued AS (
        INSERT INTO log.stream AS s (stream, log_id, version)
        SELECT g.stream, p_log, max(g.version)
        FROM given AS g
        GROUP BY g.stream
        HAVING
            min(g.base) = max(g.base)
            AND (min(g.base) = 0 OR EXISTS (SELECT FROM log.stream AS k WHERE k.stream = g.stream))
        ON CONFLICT ON CONSTRAINT stream_pk DO UPDATE SET version = excluded.version
        WHERE
            s.log_id = p_log
            AND s.version = (SELECT min(g.base) FROM given AS g WHERE g.stream = excluded.stream)
        RETURNING s.stream, s.version
    )
    SELECT count(*) INTO v_written
    FROM given AS g
    INNER JOIN continued AS c ON g.stream = c.stream
    WHERE (SELECT count(*) FROM written) = cardinality(p_records) AND g.version <= c.version;

    IF v_written <> cardinality(p_records) THEN
        RAISE EXCEPTION 'the records do not continue log % or its streams', p_log USING ERRCODE = 'LG003';
    END IF;

    IF cardinality(p_digests) > 0 THEN
        INSERT INTO log.content (digest, salt, body)
        SELECT c.digest, c.salt, c.body FROM unnest(p_digests, p_salts, p_bodies) AS c (digest, salt, body);
    END IF;

    UPDATE log.head AS h SET position = v_new_head WHERE h.log_id = p_log;
    RETURN v_new_head;
END;
$$;

-- Takes the write lock of the log for the rest of the transaction and returns its head; raises LG002 and LG006.
CREATE FUNCTION log.hold(p_log smallint) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_head log.head;
BEGIN
    SELECT h.* INTO v_head FROM log.head AS h WHERE h.log_id = p_log FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'log % does not exist', p_log USING ERRCODE = 'LG002';
    END IF;
    IF v_head.halted_because IS NOT NULL THEN
        RAISE EXCEPTION 'log % is halted', p_log USING ERRCODE = 'LG006', DETAIL = v_head.halted_because;
    END IF;
    RETURN v_head.position;
END;
$$;

-- Returns a head that no failover can take back, once the caller's commit has returned: this writes, so the commit
-- waits for the synchronous standbys, and they then have everything committed before it too. A read would not wait.
CREATE FUNCTION log.barrier(p_log smallint, p_reader text) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_position bigint;
BEGIN
    SELECT h.position INTO STRICT v_position FROM log.head AS h WHERE h.log_id = p_log;
    INSERT INTO log.beat (log_id, reader) VALUES (p_log, p_reader)
    ON CONFLICT ON CONSTRAINT beat_pk DO UPDATE SET at = now();
    RETURN v_position;
END;
$$;

-- Stops the log: every append is refused with LG006 and this reason until log.resume. Locks the row of log.head.
CREATE FUNCTION log.halt(p_log smallint, p_because text) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
UPDATE log.head AS h SET halted_because = p_because WHERE h.log_id = p_log;
$$;

-- Lets the log grow again; the owner's to call, once somebody knows why it was halted. Locks the row of log.head.
CREATE FUNCTION log.resume(p_log smallint) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
UPDATE log.head AS h SET halted_because = NULL WHERE h.log_id = p_log;
$$;

GRANT USAGE ON SCHEMA log TO numbering_writer, numbering_reader, numbering_projector;
GRANT SELECT ON ALL TABLES IN SCHEMA log TO numbering_writer, numbering_reader, numbering_projector;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA log FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.append, log.hold, log.barrier, log.halt TO numbering_writer;

RESET ROLE;
