-- Notes the digests $1, named by the events at positions $2, as lost, but for those whose contents are there; the
-- owner's to run.
INSERT INTO log.lost_content (digest, position)
SELECT DISTINCT ON (l.digest) l.digest, l.position
FROM unnest($1::bytea[], $2::bigint[]) AS l (digest, position)
WHERE NOT EXISTS (SELECT FROM log.content AS c WHERE c.digest = l.digest)
ORDER BY l.digest, l.position
ON CONFLICT ON CONSTRAINT lost_content_pk DO NOTHING;
