-- Counts out documents that change, as they were; total_of_changed.sql counts them again.
CREATE TRIGGER count_before_change AFTER UPDATE ON invoice
REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_documents('-1')
