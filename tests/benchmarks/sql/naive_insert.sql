-- Writes the number down.
INSERT INTO naive.reservation (series_id, number, device_id) VALUES ($1, $2, $3);
