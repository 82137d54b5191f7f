-- 0012: a content becomes searchable in less time: its words are erased with it by a trigger, and no foreign key looks for
-- each content a second time.

SET LOCAL ROLE numbering_owner;

-- Deletes the words of erased contents. Nothing is missed: log.make_searchable locks a content before it adds its words,
-- so a deletion waits for that, and this statement then sees what was added; or the deletion was first, and nothing is
-- added. In a transaction that reads as of an earlier moment it might not see them, so erasing there is refused.
CREATE FUNCTION log.erase_words() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        RAISE EXCEPTION 'contents are erased at READ COMMITTED only, so that no word of them stays'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    DELETE FROM log.searchable AS s USING erased AS e WHERE s.digest = e.digest;
    RETURN NULL;
END;
$$;

REVOKE ALL ON FUNCTION log.erase_words() FROM PUBLIC;

CREATE TRIGGER content_takes_its_words_along AFTER DELETE ON log.content
REFERENCING OLD TABLE AS erased
FOR EACH STATEMENT EXECUTE FUNCTION log.erase_words();
ALTER TABLE log.content ENABLE ALWAYS TRIGGER content_takes_its_words_along;

ALTER TABLE log.searchable DROP CONSTRAINT searchable_has_its_content;

RESET ROLE;
