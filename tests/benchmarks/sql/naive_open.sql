-- Adds a series that gives 1 next.
INSERT INTO naive.series (series_id, next_number) VALUES ($1, 1);
