-- Tells every runner that listens to the channel $1 that a report waits for it; it locks nothing that a writer needs.
SELECT pg_notify($1, '')
