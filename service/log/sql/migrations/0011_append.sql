-- 0011: an append costs less. The columns are read where they lie, events, streams and head take a statement each, and
-- nothing is sorted. What was refused stays refused; besides, the event that a record names as the one before it in its
-- stream must be that one, where it is of the same batch.

SET LOCAL ROLE numbering_owner;

-- Which columns the record of a type has; none for a type that no migration knew. A release with a new type adds it here
-- and to log.event_type, and nothing takes it out again. It is inlined, and costs a call to start: a look at the table
-- cost more for each record, a CASE more for each append.
CREATE FUNCTION log.kind_of(p_tag text) RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $$
SELECT (ARRAY[
    'range', 'consumption', 'release', 'expiry', 'range', 'opening', 'document', 'document', 'document', 'document',
    'document', 'draft', 'draft', 'draft', 'other', 'other', 'other', 'other'
])[array_position(ARRAY[
    'numbers-reserved/1', 'reservation-consumed/1', 'reservation-released/1', 'reservation-expired/1', 'numbers-lost/1',
    'series-opened/1', 'document-voided/1', 'document-unvoided/1', 'number-withdrawn/1', 'document-changed/1',
    'document-reversed/1', 'draft-saved/1', 'draft-voided/1', 'draft-deleted/1', 'series-described/1',
    'series-made-primary/1', 'series-locked/1', 'series-unlocked/1'
], p_tag)]
$$;

REVOKE ALL ON FUNCTION log.kind_of FROM PUBLIC;

-- Takes and raises what the comment of 0010 says. p_previous[i] is the position of the event before in the stream.
CREATE OR REPLACE FUNCTION log.append(
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
-- Planning the statements below takes longer than running them for a small batch, and their plans are always the same.
SET plan_cache_mode = force_generic_plan
-- The plans are made once a session and kept, perhaps while the log is small: they must stay right as it grows.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    v_head log.head;
    v_count integer := cardinality(p_records);
    v_new_head bigint := p_expected + v_count;
    v_last_at bigint;
    -- Three years from now: what no clock of a service that checks its clock says, and none that is set for a trial.
    v_latest bigint := extract(EPOCH FROM clock_timestamp())::bigint + 94694400;
    v_written bigint;
    v_continues boolean;
    v_unknown text;
    v_is_timely boolean;
    v_is_merged boolean;
    v_ends boolean;
BEGIN
    UPDATE log.head AS h SET position = v_new_head
    WHERE h.log_id = p_log AND h.position = p_expected AND h.halted_because IS NULL
    RETURNING (SELECT e.at FROM log.event AS e WHERE e.log_id = p_log AND e.position = p_expected) INTO v_last_at;
    IF NOT FOUND THEN
        SELECT h.* INTO v_head FROM log.head AS h WHERE h.log_id = p_log FOR UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'log % does not exist', p_log USING ERRCODE = 'LG002';
        END IF;
        IF v_head.halted_because IS NOT NULL THEN
            RAISE EXCEPTION 'log % is halted', p_log USING ERRCODE = 'LG006', DETAIL = v_head.halted_because;
        END IF;
        RAISE EXCEPTION 'log % is at %, not at %', p_log, v_head.position, p_expected
            USING ERRCODE = 'LG001', DETAIL = v_head.position::text;
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

    INSERT INTO log.event (log_id, position, stream, version, firm_id, mode, at, tag, number, document_id, record)
    SELECT
        p_log, p_expected + c.i, p_streams[c.i], p_versions[c.i]::bigint, p_firms[c.i], p_modes[c.i],
        p_times[c.i]::bigint, p_tags[c.i],
        CASE WHEN c.kind NOT IN ('opening', 'range') THEN nullif(p_numbers[c.i], '')::bigint END,
        nullif(p_documents[c.i], ''), p_records[c.i]
    FROM (SELECT g.i, log.kind_of(p_tags[g.i]) AS kind FROM generate_series(1, v_count) AS g (i) OFFSET 0) AS c
    WHERE
        p_records[c.i]::json IS NOT NULL
        -- Text with quotes is structure: within a string they are escaped. So these can only be found as fields.
        AND strpos(p_records[c.i], concat(
            '{"log":', p_log, ',"position":', p_expected + c.i, ',"stream":"', p_streams[c.i],
            '","series_name":', CASE p_names[c.i] WHEN '' THEN 'null' ELSE to_json(p_names[c.i])::text END,
            ',"version":', p_versions[c.i], ',"previous":', p_previous[c.i],
            ',"firm_id":"', p_firms[c.i], '","mode":"', p_modes[c.i], '","at":', p_times[c.i], ',"actor":{'
        )) = 1
        AND strpos(p_records[c.i], concat(',"event":{"type":"', p_tags[c.i], CASE c.kind
            WHEN 'range' THEN concat('","first":', p_numbers[c.i], ',"last":', p_lasts[c.i], ',')
            WHEN 'consumption'
                THEN concat('","reservation":', p_reservations[c.i], ',"number":', p_numbers[c.i], ',')
            WHEN 'document' THEN concat('","number":', p_numbers[c.i], ',')
            WHEN 'draft' THEN concat('","document_id":"', p_documents[c.i], '"')
            WHEN 'release' THEN concat('","reservation":', p_reservations[c.i], ',"number":', p_numbers[c.i], '}')
            WHEN 'expiry' THEN concat('","reservation":', p_reservations[c.i], ',"ranges":')
            ELSE '"'
        END)) > 0
        AND CASE
            WHEN c.kind IN ('consumption', 'document')
                THEN strpos(p_records[c.i], concat('","document_id":"', p_documents[c.i], '"')) > 0
            -- The first event of a stream opens a series, and no other.
            WHEN c.kind = 'opening' THEN p_documents[c.i] = '' AND p_versions[c.i] = '1'
                AND strpos(p_records[c.i], concat(',"start_number":', p_numbers[c.i], ',')) > 0
            WHEN c.kind = 'draft' THEN p_numbers[c.i] = ''
            WHEN c.kind IN ('expiry', 'other') THEN p_numbers[c.i] = '' AND p_documents[c.i] = ''
            ELSE p_documents[c.i] = ''
        END
        AND (p_lasts[c.i] = '' OR c.kind = 'range')
        AND (p_reservations[c.i] = '' OR c.kind IN ('consumption', 'release', 'expiry'));
    GET DIAGNOSTICS v_written = ROW_COUNT;
    -- A column that is too short is found in its records, so one that is too long makes them longer together.
    IF v_written <> v_count OR 12 * v_count <> cardinality(p_streams) + cardinality(p_names) + cardinality(p_versions)
        + cardinality(p_previous) + cardinality(p_firms) + cardinality(p_modes) + cardinality(p_times)
        + cardinality(p_tags) + cardinality(p_numbers) + cardinality(p_lasts) + cardinality(p_documents)
        + cardinality(p_reservations)
    THEN
        RAISE EXCEPTION 'the records do not continue log % or its streams', p_log USING ERRCODE = 'LG003';
    END IF;

    IF '1' = ANY (p_versions) THEN
        INSERT INTO log.stream (stream, log_id, version, firm_id, mode)
        SELECT p_streams[g.i], p_log, 0, p_firms[g.i], p_modes[g.i]
        FROM generate_series(1, v_count) AS g (i)
        WHERE p_versions[g.i] = '1'
        ON CONFLICT ON CONSTRAINT stream_pk DO NOTHING;
        INSERT INTO log.allocation (stream, first, next)
        SELECT p_streams[g.i], NULL, p_numbers[g.i]::bigint
        FROM generate_series(1, v_count) AS g (i)
        WHERE log.kind_of(p_tags[g.i]) = 'opening';
    END IF;

    IF v_last_at IS NULL THEN
        -- Who waited for the lock does not see in the same statement what was written before it got it.
        v_last_at := coalesce((SELECT e.at FROM log.event AS e WHERE e.log_id = p_log AND e.position = p_expected), 0);
    END IF;

    -- Of a stream one event of the batch comes after what the log has, and each other one after the one it names. Where
    -- the ranges of a stream make one range without an overlap, they are one row.
    WITH streams AS MATERIALIZED (
        SELECT
            g.stream, max(g.version) AS version, count(*) AS events,
            min(g.firm_id) FILTER (WHERE g.before < 1) AS firm_id, min(g.mode) FILTER (WHERE g.before < 1) AS mode,
            count(*) FILTER (WHERE g.before < 1) = 1 AND bool_and(CASE
                WHEN g.before < 1 THEN TRUE
                WHEN g.before < g.i THEN
                    p_streams[g.before] = g.stream AND p_versions[g.before]::bigint = g.version - 1
                    AND p_firms[g.before] = g.firm_id AND p_modes[g.before] = g.mode
                ELSE FALSE
            END) AS is_one,
            range_agg(CASE WHEN g.first < g.next THEN int8range(g.first, g.next) END) AS ranges,
            bool_and(g.first < g.next) AS is_whole, sum(g.next - g.first) AS numbers,
            min(g.tag) FILTER (WHERE g.kind IS NULL) AS unknown,
            bool_and(g.at BETWEEN g.at_before AND greatest(v_last_at, v_latest)) AS is_timely,
            bool_or(g.kind IN ('consumption', 'release', 'expiry')) AS ends
        FROM (
            SELECT
                c.i, c.kind, p_tags[c.i] AS tag, p_streams[c.i] AS stream, p_versions[c.i]::bigint AS version,
                (p_previous[c.i]::bigint - p_expected)::integer AS before, p_firms[c.i] AS firm_id,
                p_modes[c.i] AS mode, p_times[c.i]::bigint AS at,
                CASE WHEN c.i = 1 THEN v_last_at ELSE p_times[c.i - 1]::bigint END AS at_before,
                CASE WHEN c.kind = 'range' THEN p_numbers[c.i]::bigint END AS first,
                CASE WHEN c.kind = 'range' THEN p_lasts[c.i]::bigint + 1 END AS next
            FROM (SELECT g.i, log.kind_of(p_tags[g.i]) AS kind FROM generate_series(1, v_count) AS g (i) OFFSET 0) AS c
            OFFSET 0
        ) AS g
        GROUP BY g.stream
    ),
    continued AS (
        UPDATE log.stream AS k SET version = s.version
        FROM streams AS s
        WHERE s.is_one AND k.stream = s.stream AND k.log_id = p_log AND k.version = s.version - s.events
            AND k.firm_id = s.firm_id AND k.mode = s.mode
        RETURNING 1
    ),
    merged AS (
        INSERT INTO log.allocation (stream, first, next)
        SELECT s.stream, lower(s.ranges), upper(s.ranges)
        FROM streams AS s
        WHERE s.is_whole AND s.numbers = upper(s.ranges) - lower(s.ranges)
            AND s.ranges = int8multirange(range_merge(s.ranges))
        RETURNING 1
    )
    SELECT
        bool_and(s.is_one) AND (SELECT count(*) FROM continued) = count(*), min(s.unknown), bool_and(s.is_timely),
        (SELECT count(*) FROM merged) = count(s.is_whole), bool_or(s.ends)
    INTO v_continues, v_unknown, v_is_timely, v_is_merged, v_ends
    FROM streams AS s;

    IF v_continues IS FALSE THEN
        RAISE EXCEPTION 'the records do not continue log % or its streams', p_log USING ERRCODE = 'LG003';
    END IF;
    IF v_unknown IS NOT NULL THEN
        RAISE EXCEPTION 'no migration of this database knows the type of an event'
            USING ERRCODE = 'LG007', DETAIL = v_unknown;
    END IF;
    IF v_is_timely IS FALSE THEN
        RAISE EXCEPTION 'an event is earlier than the one before it, or years later than now' USING ERRCODE = 'LG008';
    END IF;
    IF v_is_merged IS FALSE THEN
        -- One of these leaves a gap, overlaps or is torn: singly, so that a constraint refuses it by name.
        INSERT INTO log.allocation (stream, first, next)
        SELECT p_streams[g.i], p_numbers[g.i]::bigint, p_lasts[g.i]::bigint + 1
        FROM generate_series(1, v_count) AS g (i)
        WHERE log.kind_of(p_tags[g.i]) = 'range';
        RAISE EXCEPTION 'the records do not continue log % or its streams', p_log USING ERRCODE = 'LG003';
    END IF;

    -- An event that names another block than the one that holds its number stops every process that folds the log. The
    -- block is of this batch, before the event, or in the log.
    IF v_ends THEN
        IF EXISTS (
            SELECT
            FROM (
                SELECT
                    g.i, log.kind_of(p_tags[g.i]) AS kind, nullif(p_reservations[g.i], '')::bigint AS reservation
                FROM generate_series(1, v_count) AS g (i)
                OFFSET 0
            ) AS c
            -- By its position and nothing else: by its stream PostgreSQL would read all events of the series.
            LEFT JOIN LATERAL (
                SELECT o.stream, o.tag, o.record
                FROM log.event AS o
                WHERE o.log_id = p_log AND o.position = CASE WHEN c.reservation <= p_expected THEN c.reservation END
                OFFSET 0
            ) AS e ON e.stream = p_streams[c.i] AND e.tag LIKE 'numbers-reserved/%'
            CROSS JOIN LATERAL (
                SELECT
                    CASE
                        WHEN c.reservation <= p_expected
                            THEN split_part(e.record, concat(',"event":{"type":"', e.tag, '","first":'), 2)
                        WHEN c.reservation < p_expected + c.i
                            AND p_streams[(c.reservation - p_expected)::integer] = p_streams[c.i]
                            AND p_tags[(c.reservation - p_expected)::integer] LIKE 'numbers-reserved/%'
                            THEN concat(
                                    p_numbers[(c.reservation - p_expected)::integer], ',"last":',
                                p_lasts[(c.reservation - p_expected)::integer], ','
                            )
                    END AS range
            ) AS r
            CROSS JOIN LATERAL (
                SELECT
                    nullif(split_part(r.range, ',', 1), '')::bigint AS first,
                    nullif(split_part(split_part(r.range, ',"last":', 2), ',', 1), '')::bigint AS last
            ) AS b
            WHERE c.kind IN ('consumption', 'release', 'expiry') AND (
                CASE c.kind
                    WHEN 'expiry' THEN (
                        SELECT bool_and(
                            b.first <= (x.range ->> 0)::bigint
                            AND (x.range ->> 0)::bigint <= (x.range ->> 1)::bigint
                            AND (x.range ->> 1)::bigint <= b.last
                        )
                        FROM json_array_elements(p_records[c.i]::json #> '{event,ranges}') AS x (range)
                    )
                    ELSE p_numbers[c.i]::bigint BETWEEN b.first AND b.last
                END
            ) IS NOT TRUE
        ) THEN
            RAISE EXCEPTION 'an event ends a number that its reservation does not hold' USING ERRCODE = 'LG009';
        END IF;
    END IF;

    IF cardinality(p_digests) > 0 THEN
        INSERT INTO log.content (digest, salt, body)
        SELECT c.digest, c.salt, c.body FROM unnest(p_digests, p_salts, p_bodies) AS c (digest, salt, body);
    END IF;

    RETURN v_new_head;
END;
$$;

RESET ROLE;
