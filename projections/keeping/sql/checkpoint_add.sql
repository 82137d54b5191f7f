-- Begins following the logs $1.
INSERT INTO checkpoint (log_id, position)
SELECT l.log_id, 0 FROM unnest($1::smallint[]) AS l (log_id)
ON CONFLICT ON CONSTRAINT checkpoint_pk DO NOTHING
