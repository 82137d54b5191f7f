-- Returns where log $1 stands in this copy and keeps everyone else from moving it until the transaction ends.
-- Returns no row if the copy was swapped for another while this waited.
SELECT c.position FROM checkpoint AS c WHERE c.log_id = $1 FOR UPDATE
