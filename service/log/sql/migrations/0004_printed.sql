-- What documents show as their number: in a firm, mode and document type each text once, whatever the service believes
-- (CONTRACT.md D87). Two series can print one text only if they were opened before formats were compared: then the later
-- document is refused. Of texts that were printed twice before this migration the first document is noted here.
-- While this runs, appends wait: it reads the log once, about 10 s a million documents.

SET LOCAL ROLE numbering_owner;

CREATE TABLE log.printed (
    firm_id text NOT NULL,
    mode text NOT NULL,
    document_type text NOT NULL,
    full_number text NOT NULL,
    stream text NOT NULL,
    number bigint NOT NULL,
    CONSTRAINT printed_once PRIMARY KEY (firm_id, mode, document_type, full_number)
);

CREATE TRIGGER printed_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON log.printed
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.printed ENABLE ALWAYS TRIGGER printed_only_grows;

-- Notes what the documents among the new events show. Raises unique_violation of printed_once, and then the whole append
-- is refused. The type of its documents is said by the first event of a series.
CREATE FUNCTION log.note_printed() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
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

CREATE TRIGGER event_is_printed_once AFTER INSERT ON log.event
REFERENCING NEW TABLE AS written
FOR EACH STATEMENT EXECUTE FUNCTION log.note_printed();
ALTER TABLE log.event ENABLE ALWAYS TRIGGER event_is_printed_once;

INSERT INTO log.printed (firm_id, mode, document_type, full_number, stream, number)
SELECT
    e.firm_id, e.mode, o.record::json #>> '{event,document_type}', e.record::json #>> '{event,full_number}',
    e.stream, e.number
FROM log.event AS e
INNER JOIN log.event AS o ON e.stream = o.stream AND o.version = 1
WHERE e.tag LIKE 'reservation-consumed/%'
ORDER BY e.log_id, e.position
ON CONFLICT ON CONSTRAINT printed_once DO NOTHING;

GRANT SELECT ON log.printed TO numbering_writer, numbering_reader;
REVOKE ALL ON FUNCTION log.note_printed FROM PUBLIC;

RESET ROLE;
