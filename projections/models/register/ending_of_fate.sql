-- The index for pages of one fate.
CREATE INDEX IF NOT EXISTS ending_of_fate ON ending (series_id, fate, last)
