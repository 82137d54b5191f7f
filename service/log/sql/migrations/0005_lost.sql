-- Numbers that an operator steps over are a range of their series, in one chain with those that were reserved: nobody can
-- be given one of them, by the service or by hand.

SET LOCAL ROLE numbering_owner;

-- As before, and `numbers-lost` allocates its range too. Privileges stay as they were.
-- Appends records after p_expected and returns the new head. All or nothing; durable when the caller's commit returns.
-- Locks the row of log.head until that commit.
-- Raises LG001 the head is not p_expected (DETAIL: the head), LG002 no such log, LG003 the records do not continue the
-- log or their streams, LG004 one of the keys has an answer, LG006 the log is halted (DETAIL: why), and the constraints
-- of log.allocation and log.event where numbers would have a gap, an overlap, a fork or two documents.
CREATE OR REPLACE FUNCTION log.append(
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
        WHERE g.event ->> 'type' LIKE ANY (ARRAY['numbers-reserved/%', 'numbers-lost/%'])
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

RESET ROLE;
