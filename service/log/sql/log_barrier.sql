-- Returns a head of log $1 that no failover takes back, once this statement's commit has returned; reader $2.
SELECT log.barrier($1, $2);
