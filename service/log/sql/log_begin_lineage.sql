-- Begins a new history of log $1 at its head, on this server; $2 says whether it begins after an accepted loss. The
-- owner's to run. Locks the row of log.head until the transaction ends.
SELECT log.begin_lineage($1, $2);
