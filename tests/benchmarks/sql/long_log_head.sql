-- Moves the head to $1.
UPDATE log.head AS h SET position = $1 WHERE h.log_id = 1;
