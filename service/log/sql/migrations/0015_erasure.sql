-- 0015: what a document said is erased with the event that says so, in one commit; and explanations of gaps.

SET LOCAL ROLE numbering_owner;

INSERT INTO log.event_type (tag, kind) VALUES
('document-erased/1', 'document'),
('draft-erased/1', 'draft'),
('gap-explained/1', 'other');

CREATE OR REPLACE FUNCTION log.kind_of(p_tag text) RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $$
SELECT (ARRAY[
    'range', 'consumption', 'release', 'expiry', 'range', 'opening', 'document', 'document', 'document', 'document',
    'document', 'document', 'draft', 'draft', 'draft', 'draft', 'other', 'other', 'other', 'other', 'other'
])[array_position(ARRAY[
    'numbers-reserved/1', 'reservation-consumed/1', 'reservation-released/1', 'reservation-expired/1', 'numbers-lost/1',
    'series-opened/1', 'document-voided/1', 'document-unvoided/1', 'number-withdrawn/1', 'document-changed/1',
    'document-reversed/1', 'document-erased/1', 'draft-saved/1', 'draft-voided/1', 'draft-deleted/1', 'draft-erased/1',
    'series-described/1', 'series-made-primary/1', 'series-locked/1', 'series-unlocked/1', 'gap-explained/1'
], p_tag)]
$$;

-- Deletes what the document of an erasure said before it, why it was voided, and the reason of an earlier erasure. At the
-- commit, so that also what the same batch said before it is there. The words of the search go with the contents. Whoever
-- brings the event into a log that has the contents, such as one restored from an older copy, erases them by that.
CREATE FUNCTION log.erase_contents() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM log.content AS k
    WHERE k.digest IN (
        SELECT decode(s.digest, 'hex')
        FROM log.event AS e
        CROSS JOIN LATERAL (VALUES
            (e.record::jsonb #>> '{event,content}'),
            (CASE WHEN e.tag LIKE '%-erased/%' THEN e.record::jsonb #>> '{event,reason}' END)
        ) AS s (digest)
        WHERE e.document_id = NEW.document_id AND e.log_id = NEW.log_id AND e.position < NEW.position
            AND s.digest IS NOT NULL
    );
    RETURN NULL;
END;
$$;

REVOKE ALL ON FUNCTION log.erase_contents() FROM PUBLIC;

CREATE CONSTRAINT TRIGGER event_erases_contents AFTER INSERT ON log.event
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.tag LIKE '%-erased/%')
EXECUTE FUNCTION log.erase_contents();
ALTER TABLE log.event ENABLE ALWAYS TRIGGER event_erases_contents;

RESET ROLE;
