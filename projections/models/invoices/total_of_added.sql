-- Counts documents that are added.
CREATE TRIGGER count_added AFTER INSERT ON invoice
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_documents('1')
