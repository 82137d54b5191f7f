-- Returns the position of log $1 in this copy and the definition of the copy. Locks the row: no other transaction moves
-- this checkpoint until this one ends. Returns no row if the copy was swapped for another while the statement waited.
-- Raises undefined_table if the copy was dropped.
SELECT c.position, obj_description(current_schema()::regnamespace, 'pg_namespace') AS definition
FROM checkpoint AS c
WHERE c.log_id = $1
FOR UPDATE
