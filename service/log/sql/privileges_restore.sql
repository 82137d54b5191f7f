-- Makes owners and privileges as they were noted and returns how many were changed; the migrating user's to run.
SELECT log.restore_privileges();
