-- Waits until no append runs, and lets none begin until the transaction ends: an append locks log.head before all else, so
-- it and a migration that locks several tables cannot wait for each other. Readers go on. Does nothing before there is a
-- log; raises 55P03.
DO $$
BEGIN
    IF to_regclass('log.head') IS NOT NULL THEN
        PERFORM set_config('role', 'numbering_owner', TRUE);
        LOCK TABLE log.head IN EXCLUSIVE MODE;
        PERFORM set_config('role', 'none', TRUE);
    END IF;
END;
$$;
