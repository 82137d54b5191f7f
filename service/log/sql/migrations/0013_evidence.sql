-- Evidence: one Merkle tree over each log, and the notes that were signed of it (service/evidence/README.md). It is apart
-- from the log: an append writes nothing here, and all but the signatures can be made again from the log.

SET LOCAL ROLE numbering_owner;

CREATE SCHEMA evidence;

-- One row a log: how many entries the tree has. Its row lock is that of the sealers of the log.
CREATE TABLE evidence.tree (
    log_id smallint NOT NULL,
    size bigint NOT NULL DEFAULT 0,
    CONSTRAINT tree_pk PRIMARY KEY (log_id),
    CONSTRAINT tree_log_exists FOREIGN KEY (log_id) REFERENCES log.head (log_id),
    CONSTRAINT tree_size_is_not_negative CHECK (size >= 0)
);

INSERT INTO evidence.tree (log_id) SELECT h.log_id FROM log.head AS h;

-- At most 256 hashes of 32 bytes a row. Level 0 holds entries; their leaf hashes are made when they are asked for.
CREATE TABLE evidence.tile (
    log_id smallint NOT NULL,
    level smallint NOT NULL,
    place bigint NOT NULL,
    hashes bytea NOT NULL,
    CONSTRAINT tile_pk PRIMARY KEY (log_id, level, place),
    CONSTRAINT tile_tree_exists FOREIGN KEY (log_id) REFERENCES evidence.tree (log_id),
    CONSTRAINT tile_is_in_the_tree CHECK (level BETWEEN 0 AND 7 AND place >= 0),
    CONSTRAINT tile_holds_hashes CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0)
);

-- Hashes cannot be compressed, so no processor time is spent on the try.
ALTER TABLE evidence.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE evidence.note (
    log_id smallint NOT NULL,
    size bigint NOT NULL,
    note text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT note_pk PRIMARY KEY (log_id, size),
    CONSTRAINT note_tree_exists FOREIGN KEY (log_id) REFERENCES evidence.tree (log_id)
);

-- A witness's line under a note; one for each key and note.
CREATE TABLE evidence.cosignature (
    log_id smallint NOT NULL,
    size bigint NOT NULL,
    key_name text NOT NULL,
    key_id bytea NOT NULL,
    line text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT cosignature_pk PRIMARY KEY (log_id, size, key_name, key_id),
    CONSTRAINT cosignature_note_exists FOREIGN KEY (log_id, size) REFERENCES evidence.note (log_id, size)
);

-- Every key that signed notes of the log or that may; `rotation` is the note by which the key before it passed on.
CREATE TABLE evidence.verifier_key (
    log_id smallint NOT NULL,
    key_id bytea NOT NULL,
    verifier_key text NOT NULL,
    rotation text,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT verifier_key_pk PRIMARY KEY (log_id, key_id),
    CONSTRAINT verifier_key_tree_exists FOREIGN KEY (log_id) REFERENCES evidence.tree (log_id)
);

-- A tile gets more hashes, and nothing else ever changes in it.
CREATE FUNCTION evidence.refuse_other_hashes() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF (new.log_id, new.level, new.place) <> (old.log_id, old.level, old.place)
        OR substring(new.hashes FROM 1 FOR length(old.hashes)) <> old.hashes THEN
        RAISE EXCEPTION 'a tile of log % would change: it only grows', old.log_id USING ERRCODE = 'LG005';
    END IF;
    RETURN new;
END;
$$;

CREATE TRIGGER tile_only_grows BEFORE UPDATE ON evidence.tile
FOR EACH ROW EXECUTE FUNCTION evidence.refuse_other_hashes();
ALTER TABLE evidence.tile ENABLE ALWAYS TRIGGER tile_only_grows;

CREATE TRIGGER tile_stays BEFORE DELETE OR TRUNCATE ON evidence.tile
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE evidence.tile ENABLE ALWAYS TRIGGER tile_stays;

CREATE TRIGGER tree_stays BEFORE DELETE OR TRUNCATE ON evidence.tree
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE evidence.tree ENABLE ALWAYS TRIGGER tree_stays;

CREATE TRIGGER note_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence.note
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE evidence.note ENABLE ALWAYS TRIGGER note_only_grows;

CREATE TRIGGER cosignature_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence.cosignature
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE evidence.cosignature ENABLE ALWAYS TRIGGER cosignature_only_grows;

CREATE TRIGGER verifier_key_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence.verifier_key
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE evidence.verifier_key ENABLE ALWAYS TRIGGER verifier_key_only_grows;

-- Adds hashes to the tiles of a tree that has p_before entries, and keeps the note of the tree of p_size entries that
-- this makes: all or nothing. p_offsets are the places in the tiles where the hashes begin. Locks the row of
-- evidence.tree until the caller's commit.
-- Raises LG002 no such log, LG010 the tree has another size (DETAIL: which), LG003 the hashes do not follow what is
-- there.
CREATE FUNCTION evidence.seal(
    p_log smallint,
    p_before bigint,
    p_size bigint,
    p_levels smallint[],
    p_places bigint[],
    p_offsets integer[],
    p_hashes bytea[],
    p_note text
) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_size bigint;
    v_written bigint;
BEGIN
    SELECT t.size INTO v_size FROM evidence.tree AS t WHERE t.log_id = p_log FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'log % does not exist', p_log USING ERRCODE = 'LG002';
    END IF;
    IF v_size <> p_before OR p_size <= p_before THEN
        RAISE EXCEPTION 'the tree of log % has % entries, not %', p_log, v_size, p_before
            USING ERRCODE = 'LG010', DETAIL = v_size::text;
    END IF;

    WITH given AS MATERIALIZED (
        SELECT g.level, g.place, g.first, g.hashes
        FROM unnest(p_levels, p_places, p_offsets, p_hashes) AS g (level, place, first, hashes)
    ),
    written AS (
        INSERT INTO evidence.tile AS t (log_id, level, place, hashes)
        SELECT p_log, g.level, g.place, g.hashes FROM given AS g
        ON CONFLICT ON CONSTRAINT tile_pk DO UPDATE SET hashes = t.hashes || excluded.hashes
        RETURNING t.level, t.place, t.hashes
    )
    SELECT count(*) INTO v_written
    FROM written AS w
    INNER JOIN given AS g ON w.level = g.level AND w.place = g.place
    WHERE length(w.hashes) = 32 * g.first + length(g.hashes);
    IF v_written <> cardinality(p_levels) THEN
        RAISE EXCEPTION 'the hashes do not continue the tiles of log %', p_log USING ERRCODE = 'LG003';
    END IF;

    UPDATE evidence.tree AS t SET size = p_size WHERE t.log_id = p_log;
    INSERT INTO evidence.note (log_id, size, note) VALUES (p_log, p_size, p_note);
END;
$$;

-- Keeps a witness's line under a note, unless the note has one of this key.
CREATE FUNCTION evidence.cosign(p_log smallint, p_size bigint, p_key_name text, p_key_id bytea, p_line text)
RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
INSERT INTO evidence.cosignature (log_id, size, key_name, key_id, line)
VALUES (p_log, p_size, p_key_name, p_key_id, p_line)
ON CONFLICT ON CONSTRAINT cosignature_pk DO NOTHING;
$$;

-- Keeps a verifier key of the log, unless it is known.
CREATE FUNCTION evidence.keep_key(p_log smallint, p_key_id bytea, p_verifier_key text, p_rotation text) RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
INSERT INTO evidence.verifier_key (log_id, key_id, verifier_key, rotation)
VALUES (p_log, p_key_id, p_verifier_key, p_rotation)
ON CONFLICT ON CONSTRAINT verifier_key_pk DO NOTHING;
$$;

GRANT USAGE ON SCHEMA evidence TO numbering_writer, numbering_reader, numbering_projector;
GRANT SELECT ON ALL TABLES IN SCHEMA evidence TO numbering_writer, numbering_reader, numbering_projector;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA evidence FROM PUBLIC;
GRANT EXECUTE ON FUNCTION evidence.seal, evidence.cosign, evidence.keep_key TO numbering_writer;

-- As in 0006, with the new schema: what a copy that was restored without roles gets back.
CREATE OR REPLACE VIEW log.ownership AS
SELECT 'SCHEMA' AS kind, quote_ident(n.nspname) AS name, n.nspowner AS owner, n.nspacl AS acl, 'n'::"char" AS of
FROM pg_catalog.pg_namespace AS n
WHERE n.nspname IN ('log', 'access', 'evidence')
UNION ALL
SELECT 'TABLE', format('%I.%I', n.nspname, c.relname), c.relowner, c.relacl, 'r'
FROM pg_catalog.pg_class AS c
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
WHERE n.nspname IN ('log', 'access', 'evidence') AND c.relkind IN ('r', 'v')
UNION ALL
SELECT
    'FUNCTION', format('%I.%I(%s)', n.nspname, f.proname, pg_catalog.pg_get_function_identity_arguments(f.oid)),
    f.proowner, f.proacl, 'f'
FROM pg_catalog.pg_proc AS f
INNER JOIN pg_catalog.pg_namespace AS n ON f.pronamespace = n.oid
WHERE n.nspname IN ('log', 'access', 'evidence');

RESET ROLE;
