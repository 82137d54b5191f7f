-- 0007: a writer that takes the lock of the log learns in the same statement what it missed.

SET LOCAL ROLE numbering_owner;

-- Takes the write lock of the log for the rest of the transaction and returns its head, without a record in the first
-- row, then at most p_limit records after p_after, in order; raises LG002 and LG006. The records are read once the lock
-- is there: each statement of this function sees what was committed before it began.
CREATE FUNCTION log.hold_and_read(p_log smallint, p_after bigint, p_limit integer)
RETURNS TABLE (head bigint, record text)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_head bigint;
BEGIN
    v_head := log.hold(p_log);
    RETURN QUERY SELECT v_head, NULL::text;
    RETURN QUERY
    SELECT v_head, e.record FROM log.event AS e
    WHERE e.log_id = p_log AND e.position > p_after
    ORDER BY e.position
    LIMIT p_limit;
END;
$$;

REVOKE ALL ON FUNCTION log.hold_and_read FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.hold_and_read TO numbering_writer;

RESET ROLE;
