-- Returns how many entries the tree of log $1 has; no row if there is no such log; locks nothing.
SELECT t.size FROM evidence.tree AS t WHERE t.log_id = $1;
