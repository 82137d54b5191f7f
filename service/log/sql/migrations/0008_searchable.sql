-- 0008: what people search documents by, apart from the contents, folded as people type it, and erased with them.

-- So that a search need not look at every document, words are found by their trigrams (contrib, on every packaged
-- PostgreSQL). Where that extension cannot be had, searching is right and slow.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
EXCEPTION
    WHEN insufficient_privilege OR invalid_schema_name OR undefined_file OR feature_not_supported THEN
        RAISE WARNING 'pg_trgm is not there, so a search looks at every document: %', SQLERRM;
END;
$$;

SET LOCAL ROLE numbering_owner;

-- Folds a text as people who type it do: without accents and other marks, in lower case, in one spelling of letters
-- that have several (normal form KD), with one blank between words. Letters that are no letter with a mark are spelled
-- out. Returns null for null.
CREATE FUNCTION log.folded(given text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT replace(replace(replace(replace(
        translate(
            lower(regexp_replace(regexp_replace(normalize(given, NFKD), '[\u0300-\u036F]', '', 'g'), '\s+', ' ', 'g')),
            'ıłøđðħŧ', 'iloddht'
        ),
        'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
END;

-- What a content is found by: the client's name and tax id, folded, each on a line. A content that is erased takes its
-- row with it.
CREATE TABLE log.searchable (
    digest bytea NOT NULL,
    words text NOT NULL,
    CONSTRAINT searchable_pk PRIMARY KEY (digest),
    CONSTRAINT searchable_has_its_content FOREIGN KEY (digest) REFERENCES log.content (digest) ON DELETE CASCADE
);

CREATE TRIGGER searchable_is_not_emptied BEFORE TRUNCATE ON log.searchable
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.searchable ENABLE ALWAYS TRIGGER searchable_is_not_emptied;

-- The index by trigrams, wherever the extension is.
DO $$
DECLARE
    v_schema text := (
        SELECT n.nspname FROM pg_extension AS e INNER JOIN pg_namespace AS n ON e.extnamespace = n.oid
        WHERE e.extname = 'pg_trgm'
    );
BEGIN
    IF v_schema IS NOT NULL THEN
        EXECUTE format('CREATE INDEX searchable_words ON log.searchable USING gin (words %I.gin_trgm_ops)', v_schema);
    END IF;
END;
$$;

-- Makes the contents with these digests (hexadecimal) searchable, as far as they have a client and are not erased. A
-- content that is being erased meanwhile is waited for: its row is locked, so that no word of it outlives it.
CREATE FUNCTION log.make_searchable(p_digests text[]) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO log.searchable (digest, words)
    SELECT
        k.digest,
        concat_ws(
            chr(10),
            log.folded(b.client ->> 'name'),
            log.folded(nullif(concat(b.client ->> 'cui_prefix', b.client ->> 'cui'), ''))
        )
    FROM log.content AS k
    CROSS JOIN LATERAL jsonb_to_record(k.body::jsonb) AS b (client jsonb)
    WHERE k.digest IN (SELECT decode(d.digest, 'hex') FROM unnest(p_digests) AS d (digest))
        AND jsonb_typeof(b.client) = 'object'
    FOR KEY SHARE OF k
    ON CONFLICT (digest) DO NOTHING;
END;

GRANT SELECT ON log.searchable TO numbering_writer, numbering_reader, numbering_projector;
REVOKE ALL ON FUNCTION log.folded, log.make_searchable FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.folded TO numbering_writer, numbering_reader, numbering_projector;
GRANT EXECUTE ON FUNCTION log.make_searchable TO numbering_projector;

RESET ROLE;
