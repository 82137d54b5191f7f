-- Counts out documents that are deleted.
CREATE TRIGGER count_dropped AFTER DELETE ON invoice
REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_documents('-1')
