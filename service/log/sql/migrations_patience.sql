-- From here to the end of the transaction a statement that waits for a lock gives up after 4 s, with SQLSTATE 55P03.
SELECT set_config('lock_timeout', '4s', TRUE);
