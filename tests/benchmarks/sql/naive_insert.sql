-- Inserts the number that the counter gave.
INSERT INTO naive.reservation (series_id, number, device_id) VALUES ($1, $2, $3);
