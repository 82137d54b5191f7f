-- The index by which reports count the documents whose dates are out of order: mostly none.
CREATE INDEX ending_inverted ON ending (series_id) WHERE is_inverted
