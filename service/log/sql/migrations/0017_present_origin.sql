-- The present origin of a log, that of its newest key, and the notes that count: once an operator let the evidence begin
-- again, the notes and keys of origins before are kept and do not count (service/evidence/README.md section 5).

SET LOCAL ROLE numbering_owner;

CREATE VIEW evidence.present_origin AS
SELECT DISTINCT ON (k.log_id) k.log_id, split_part(k.verifier_key, '+', 1) AS origin
FROM evidence.verifier_key AS k
ORDER BY k.log_id ASC, k.at DESC, k.key_id ASC;

-- A note whose origin was rewritten is of no key's origin: it is here, so that whoever verifies it finds it.
CREATE VIEW evidence.present_note AS
SELECT n.log_id, n.size, n.note
FROM evidence.note AS n
WHERE split_part(n.note, E'\n', 1) <> ALL (ARRAY(
    SELECT split_part(k.verifier_key, '+', 1)
    FROM evidence.verifier_key AS k
    INNER JOIN evidence.present_origin AS p ON k.log_id = p.log_id
    WHERE k.log_id = n.log_id AND split_part(k.verifier_key, '+', 1) <> p.origin
));

GRANT SELECT ON evidence.present_origin, evidence.present_note TO
numbering_writer, numbering_reader, numbering_projector;

RESET ROLE;
