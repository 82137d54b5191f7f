-- Lets log $1 take events again; the owner's to run. Locks the row of log.head until the transaction ends.
SELECT log.resume($1);
