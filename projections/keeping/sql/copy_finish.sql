-- Marks this copy as one that has its indexes.
COMMENT ON TABLE checkpoint IS 'indexed'
