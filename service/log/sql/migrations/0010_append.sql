-- 0010: an append costs less, and refuses more: the batch comes as columns that are checked against its records by their
-- text, adjacent ranges of a batch are one row, and a document has one index of its events instead of two.
-- While this runs, appends wait: it reads the log once and builds an index, some 10 s a million documents.

SET LOCAL ROLE numbering_owner;

-- The types of events that releases knew when their migrations ran: no process can read one of another type, and nothing
-- takes it out again. A release with a new type adds it here. `kind` says which columns its record has.
CREATE TABLE log.event_type (
    tag text NOT NULL,
    kind text NOT NULL,
    CONSTRAINT event_type_pk PRIMARY KEY (tag),
    CONSTRAINT event_type_kind_is_known CHECK (
        kind IN ('opening', 'range', 'consumption', 'release', 'expiry', 'document', 'draft', 'other')
    )
);

INSERT INTO log.event_type (tag, kind) VALUES
('series-opened/1', 'opening'),
('series-described/1', 'other'),
('series-made-primary/1', 'other'),
('series-locked/1', 'other'),
('series-unlocked/1', 'other'),
('numbers-reserved/1', 'range'),
('reservation-consumed/1', 'consumption'),
('reservation-released/1', 'release'),
('reservation-expired/1', 'expiry'),
('numbers-lost/1', 'range'),
('document-voided/1', 'document'),
('document-unvoided/1', 'document'),
('number-withdrawn/1', 'document'),
('document-changed/1', 'document'),
('document-reversed/1', 'document'),
('draft-saved/1', 'draft'),
('draft-voided/1', 'draft'),
('draft-deleted/1', 'draft');

CREATE TRIGGER event_type_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON log.event_type
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.event_type ENABLE ALWAYS TRIGGER event_type_only_grows;

-- The firm and the mode of a stream are those of its first event, for good.
ALTER TABLE log.stream ADD COLUMN firm_id text, ADD COLUMN mode text;

UPDATE log.stream AS s
SET firm_id = e.firm_id, mode = e.mode
FROM log.event AS e
WHERE s.stream = e.stream AND e.version = 1;

ALTER TABLE log.stream ALTER COLUMN firm_id SET NOT NULL, ALTER COLUMN mode SET NOT NULL;

-- One index finds the events of a document and refuses a second number for it: its consumption has place 0, every other
-- event its own.
DROP INDEX log.event_of_document;
DROP INDEX log.event_one_number_a_document;
CREATE UNIQUE INDEX event_one_number_a_document ON log.event (
    document_id, (CASE WHEN tag LIKE 'reservation-consumed/%' THEN 0 ELSE position END)
) WHERE document_id IS NOT NULL;

-- As in 0004, and it is done at once where no number was put on a document.
CREATE OR REPLACE FUNCTION log.note_printed() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM written AS w WHERE w.tag LIKE 'reservation-consumed/%') THEN
        RETURN NULL;
    END IF;
    WITH issued AS MATERIALIZED (
        SELECT w.firm_id, w.mode, w.stream, w.number, w.record::json #>> '{event,full_number}' AS full_number
        FROM written AS w
        WHERE w.tag LIKE 'reservation-consumed/%'
    ),
    opened AS MATERIALIZED (
        SELECT s.stream, e.record::json #>> '{event,document_type}' AS document_type
        FROM (SELECT DISTINCT i.stream FROM issued AS i) AS s
        INNER JOIN log.event AS e ON s.stream = e.stream AND e.version = 1
    )
    INSERT INTO log.printed (firm_id, mode, document_type, full_number, stream, number)
    SELECT i.firm_id, i.mode, o.document_type, i.full_number, i.stream, i.number
    FROM issued AS i
    INNER JOIN opened AS o ON i.stream = o.stream;
    RETURN NULL;
END;
$$;

-- Appends records after p_expected and returns the new head. All or nothing; durable when the caller's commit returns.
-- Locks the row of log.head until that commit. The arrays from p_streams to p_reservations have one text a record, which
-- must be what the record says, '' for null and for what its event does not have: p_numbers is the number, the first of
-- a range or the start of a series, p_lasts the last of a range.
-- Raises LG001 the head is not p_expected (DETAIL: the head), LG002 no such log, LG003 the records do not continue the
-- log or their streams or are not what the columns say, LG004 one of the keys has an answer, LG006 the log is halted
-- (DETAIL: why), LG007 an event of an unknown type (DETAIL: the type), LG008 an event at a time before the last one's or
-- far from now, LG009 an event ends a number that its reservation does not hold, invalid_text_representation what is no
-- JSON or no number, and the constraints of log.allocation, log.event and log.printed where numbers would have a gap, an
-- overlap, a fork or two documents.
CREATE FUNCTION log.append(
    p_log smallint,
    p_expected bigint,
    p_records text[],
    p_streams text[], p_names text[], p_versions text[], p_previous text[], p_firms text[], p_modes text[],
    p_times text[], p_tags text[],
    p_numbers text[], p_lasts text[], p_documents text[], p_reservations text[],
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
-- The plan is made once a session and kept, perhaps while the log is small: it must be one that stays right as it grows.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    v_head bigint;
    v_halted_because text;
    v_new_head bigint := p_expected + cardinality(p_records);
    v_last_at bigint;
    v_latest bigint;
    v_written bigint;
    v_unknown text;
    v_continues boolean;
    v_is_timely boolean;
    v_ends boolean;
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

    v_last_at := coalesce((SELECT e.at FROM log.event AS e WHERE e.log_id = p_log AND e.position = v_head), 0);
    -- Three years: what no clock of a service that checks its clock says, and none that somebody set for a trial.
    v_latest := greatest(v_last_at, extract(EPOCH FROM clock_timestamp())::bigint + 94694400);

    -- `base` is the version the stream must have before: the same for all its records if theirs count up from it.
    WITH given AS MATERIALIZED (
        SELECT
            c.ordinality, c.record, c.stream, c.version::bigint AS version, c.firm_id, c.mode, c.at::bigint AS at, c.tag,
            nullif(c.number, '')::bigint AS number, nullif(c.last, '')::bigint AS last,
            nullif(c.document_id, '') AS document_id, t.kind,
            c.version::bigint - row_number() OVER (PARTITION BY c.stream ORDER BY c.ordinality) AS base,
            c.record::json IS NOT NULL
            -- Text with quotes is structure: within a string they are escaped. So these can only be found as fields.
            AND starts_with(c.record, concat(
                '{"log":', p_log, ',"position":', p_expected + c.ordinality, ',"stream":"', c.stream,
                '","series_name":', CASE c.name WHEN '' THEN 'null' ELSE to_json(c.name)::text END,
                ',"version":', c.version, ',"previous":', c.previous,
                ',"firm_id":"', c.firm_id, '","mode":"', c.mode, '","at":', c.at, ',"actor":{'
            ))
            AND strpos(c.record, concat(',"event":{"type":"', c.tag, CASE
                WHEN t.kind = 'range' THEN concat('","first":', c.number, ',"last":', c.last, ',')
                WHEN t.kind = 'consumption' THEN concat('","reservation":', c.reservation, ',"number":', c.number, ',')
                WHEN t.kind = 'document' THEN concat('","number":', c.number, ',')
                WHEN t.kind = 'draft' THEN concat('","document_id":"', c.document_id, '"')
                WHEN t.kind = 'release' THEN concat('","reservation":', c.reservation, ',"number":', c.number, '}')
                WHEN t.kind = 'expiry' THEN concat('","reservation":', c.reservation, ',"ranges":')
                ELSE '"'
            END)) > 0
            AND CASE
                WHEN t.kind IN ('consumption', 'document')
                    THEN strpos(c.record, concat('","document_id":"', c.document_id, '"')) > 0
                WHEN t.kind = 'opening'
                    THEN c.document_id = '' AND strpos(c.record, concat(',"start_number":', c.number, ',')) > 0
                WHEN t.kind = 'draft' THEN c.number = ''
                WHEN t.kind IN ('expiry', 'other') THEN c.number = '' AND c.document_id = ''
                ELSE c.document_id = ''
            END
            AND (c.last = '' OR t.kind = 'range')
            AND (c.reservation = '' OR t.kind IN ('consumption', 'release', 'expiry')) AS is_said
        FROM unnest(
            p_records, p_streams, p_names, p_versions, p_previous, p_firms, p_modes, p_times, p_tags, p_numbers, p_lasts,
            p_documents, p_reservations
        ) WITH ORDINALITY AS c (
            record, stream, name, version, previous, firm_id, mode, at, tag, number, last, document_id, reservation,
            ordinality
        )
        LEFT JOIN log.event_type AS t ON c.tag = t.tag
    ),
    written AS (
        INSERT INTO log.event (
            log_id, position, stream, version, firm_id, mode, at, tag, number, document_id, record
        )
        SELECT
            p_log, p_expected + g.ordinality, g.stream, g.version, g.firm_id, g.mode, g.at, g.tag,
            CASE WHEN g.kind NOT IN ('opening', 'range') THEN g.number END, g.document_id, g.record
        FROM given AS g
        WHERE g.is_said
        RETURNING 1
    ),
    -- Where a range of the batch begins where the one before it ended, both are one row. An empty or torn one stays a
    -- row of its own, so that a constraint refuses it by name.
    ranges AS (
        SELECT
            g.ordinality, g.stream,
            CASE g.kind WHEN 'range' THEN g.number END AS first,
            CASE g.kind WHEN 'range' THEN g.last + 1 ELSE g.number END AS next
        FROM given AS g
        WHERE g.kind IN ('range', 'opening')
    ),
    beginnings AS (
        SELECT
            r.*,
            r.first IS DISTINCT FROM
            lag(CASE WHEN r.next > r.first THEN r.next END) OVER (PARTITION BY r.stream ORDER BY r.ordinality)
            OR coalesce(r.next <= r.first, TRUE) AS begins
        FROM ranges AS r
    ),
    runs AS (
        SELECT
            b.stream, b.first, b.next,
            count(*) FILTER (WHERE b.begins) OVER (PARTITION BY b.stream ORDER BY b.ordinality) AS run
        FROM beginnings AS b
    ),
    allocated AS (
        INSERT INTO log.allocation (stream, first, next)
        SELECT r.stream, min(r.first), max(r.next) FROM runs AS r GROUP BY r.stream, r.run
    ),
    streams AS MATERIALIZED (
        SELECT
            g.stream, max(g.version) AS version, min(g.base) AS base, min(g.firm_id) AS firm_id, min(g.mode) AS mode,
            min(g.base) = max(g.base) AND min(g.firm_id) = max(g.firm_id) AND min(g.mode) = max(g.mode) AS is_one
        FROM given AS g
        GROUP BY g.stream
    ),
    begun AS (
        INSERT INTO log.stream (stream, log_id, version, firm_id, mode)
        SELECT s.stream, p_log, s.version, s.firm_id, s.mode FROM streams AS s WHERE s.is_one AND s.base = 0
        ON CONFLICT ON CONSTRAINT stream_pk DO NOTHING
        RETURNING 1
    ),
    continued AS (
        UPDATE log.stream AS k SET version = s.version
        FROM streams AS s
        WHERE s.is_one AND s.base > 0 AND k.stream = s.stream AND k.log_id = p_log AND k.version = s.base
            AND k.firm_id = s.firm_id AND k.mode = s.mode
        RETURNING 1
    ),
    timed AS (
        SELECT
            g.tag, g.kind,
            g.at BETWEEN lag(g.at, 1, v_last_at) OVER (ORDER BY g.ordinality) AND v_latest AS is_timely
        FROM given AS g
    )
    SELECT
        (SELECT count(*) FROM written) = cardinality(p_records)
        AND (SELECT count(*) FROM begun) + (SELECT count(*) FROM continued) = (SELECT count(*) FROM streams),
        min(t.tag) FILTER (WHERE t.kind IS NULL),
        coalesce(bool_and(t.is_timely), TRUE),
        coalesce(bool_or(t.kind IN ('consumption', 'release', 'expiry')), FALSE)
    INTO v_continues, v_unknown, v_is_timely, v_ends
    FROM timed AS t;

    IF v_continues IS NOT TRUE THEN
        RAISE EXCEPTION 'the records do not continue log % or its streams', p_log USING ERRCODE = 'LG003';
    END IF;
    IF v_unknown IS NOT NULL THEN
        RAISE EXCEPTION 'no migration of this database knows the type of an event'
            USING ERRCODE = 'LG007', DETAIL = v_unknown;
    END IF;
    IF v_is_timely IS NOT TRUE THEN
        RAISE EXCEPTION 'an event is earlier than the one before it, or years later than now' USING ERRCODE = 'LG008';
    END IF;

    -- An event that names another block than the one that holds its number stops every process that folds the log. The
    -- block may be of this batch, so it is looked for only now.
    IF v_ends AND EXISTS (
        SELECT
        FROM unnest(p_records, p_streams, p_tags, p_numbers, p_reservations) WITH ORDINALITY
            AS c (record, stream, tag, number, reservation, ordinality)
        INNER JOIN log.event_type AS t ON c.tag = t.tag
        LEFT JOIN log.event AS e
            ON e.log_id = p_log AND e.position = c.reservation::bigint AND e.stream = c.stream
            AND e.position < p_expected + c.ordinality AND e.tag LIKE 'numbers-reserved/%'
        CROSS JOIN LATERAL (
            SELECT split_part(e.record, concat(',"event":{"type":"', e.tag, '","first":'), 2) AS range
        ) AS r
        CROSS JOIN LATERAL (
            SELECT
                nullif(split_part(r.range, ',', 1), '')::bigint AS first,
                nullif(split_part(split_part(r.range, ',"last":', 2), ',', 1), '')::bigint AS last
        ) AS b
        WHERE t.kind IN ('consumption', 'release', 'expiry') AND (
            CASE t.kind
                WHEN 'expiry' THEN (
                    SELECT bool_and(
                        b.first <= (x.range ->> 0)::bigint
                        AND (x.range ->> 0)::bigint <= (x.range ->> 1)::bigint
                        AND (x.range ->> 1)::bigint <= b.last
                    )
                    FROM json_array_elements(c.record::json #> '{event,ranges}') AS x (range)
                )
                ELSE c.number::bigint BETWEEN b.first AND b.last
            END
        ) IS NOT TRUE
    ) THEN
        RAISE EXCEPTION 'an event ends a number that its reservation does not hold' USING ERRCODE = 'LG009';
    END IF;

    IF cardinality(p_digests) > 0 THEN
        INSERT INTO log.content (digest, salt, body)
        SELECT c.digest, c.salt, c.body FROM unnest(p_digests, p_salts, p_bodies) AS c (digest, salt, body);
    END IF;

    UPDATE log.head AS h SET position = v_new_head WHERE h.log_id = p_log;
    RETURN v_new_head;
END;
$$;

-- What processes of the release before call: it makes the columns from the records, and all that is said above holds.
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
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (
        SELECT log.append(
            p_log, p_expected, p_records,
            coalesce(array_agg(coalesce(c.r ->> 'stream', '') ORDER BY c.ordinality), '{}'),
            coalesce(array_agg(coalesce(c.r ->> 'series_name', '') ORDER BY c.ordinality), '{}'),
            coalesce(array_agg(coalesce(c.r ->> 'version', '0') ORDER BY c.ordinality), '{}'),
            coalesce(array_agg(coalesce(c.r ->> 'previous', '0') ORDER BY c.ordinality), '{}'),
            coalesce(array_agg(coalesce(c.r ->> 'firm_id', '') ORDER BY c.ordinality), '{}'),
            coalesce(array_agg(coalesce(c.r ->> 'mode', '') ORDER BY c.ordinality), '{}'),
            coalesce(array_agg(coalesce(c.r ->> 'at', '0') ORDER BY c.ordinality), '{}'),
            coalesce(array_agg(coalesce(c.e ->> 'type', '') ORDER BY c.ordinality), '{}'),
            coalesce(
                array_agg(
                    coalesce(c.e ->> 'number', c.e ->> 'first', c.e ->> 'start_number', '') ORDER BY c.ordinality
                ),
                '{}'
            ),
            coalesce(array_agg(coalesce(c.e ->> 'last', '') ORDER BY c.ordinality), '{}'),
            coalesce(array_agg(coalesce(c.e ->> 'document_id', '') ORDER BY c.ordinality), '{}'),
            coalesce(array_agg(coalesce(c.e ->> 'reservation', '') ORDER BY c.ordinality), '{}'),
            p_digests, p_salts, p_bodies, p_keys, p_requests, p_outcomes
        )
        FROM (
            SELECT g.record::jsonb AS r, g.record::jsonb -> 'event' AS e, g.ordinality
            FROM unnest(p_records) WITH ORDINALITY AS g (record, ordinality)
        ) AS c
    );
END;
$$;

GRANT SELECT ON log.event_type TO numbering_writer, numbering_reader, numbering_projector;
REVOKE ALL ON FUNCTION log.append(
    smallint, bigint, text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[],
    text[], bytea[], bytea[], text[], bytea[], bytea[], text[]
) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.append(
    smallint, bigint, text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[],
    text[], bytea[], bytea[], text[], bytea[], bytea[], text[]
) TO numbering_writer;

RESET ROLE;
