-- Adds a checkpoint at position 0 for each of the logs $1 that has none.
INSERT INTO checkpoint (log_id, position)
SELECT l.log_id, 0 FROM unnest($1::smallint[]) AS l (log_id)
ON CONFLICT ON CONSTRAINT checkpoint_pk DO NOTHING
