-- Returns where log $1 stands in this copy, and the definition of the copy, and keeps everyone else from moving it until the transaction ends.
-- Returns no row if the copy was swapped for another while this waited.
SELECT c.position, obj_description(current_schema()::regnamespace, 'pg_namespace') AS definition
FROM checkpoint AS c
WHERE c.log_id = $1
FOR UPDATE
