-- Counts documents that changed, as they are now.
CREATE TRIGGER count_changed AFTER UPDATE ON invoice
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_documents('1')
