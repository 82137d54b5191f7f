-- Notes who owns what and who may do what, as the migrations made it; the migrating user's to run.
SELECT log.note_privileges();
