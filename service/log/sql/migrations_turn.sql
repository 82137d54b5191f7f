-- Waits until no other process migrates this database, and keeps others out until the session ends.
SELECT pg_advisory_lock(hashtextextended('numbering migrate', 0));
