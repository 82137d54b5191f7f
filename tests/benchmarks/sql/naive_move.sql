-- Moves the counter; its row is locked already.
UPDATE naive.series AS s SET next_number = $2 WHERE s.series_id = $1;
