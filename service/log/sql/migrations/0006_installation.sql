-- Which installation this is, where its log lives, what an operator knows to be lost, and who may do what here: a copy
-- of the database carries all of it, so a restored copy is known for what it is.

SET LOCAL ROLE numbering_owner;

-- One row, made here and never changed. Subscribers see the id as the source of every event.
CREATE TABLE log.installation (
    is_only boolean NOT NULL DEFAULT TRUE,
    installation_id text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT installation_pk PRIMARY KEY (is_only),
    CONSTRAINT installation_is_one CHECK (is_only),
    CONSTRAINT installation_id_is_right CHECK (installation_id ~ '^[0-9a-f]{32}$')
);

INSERT INTO log.installation (installation_id) VALUES (replace(gen_random_uuid()::text, '-', ''));

CREATE TRIGGER installation_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON log.installation
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.installation ENABLE ALWAYS TRIGGER installation_stays;

-- Returns the server: the identifier of its cluster, which a dump does not carry and a standby shares, and its
-- timeline, which a promotion raises. Nulls where the server does not tell this user.
CREATE FUNCTION log.place(OUT system_identifier text, OUT timeline integer)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT s.system_identifier::text INTO place.system_identifier FROM pg_control_system() AS s;
    IF pg_is_in_recovery() THEN
        SELECT c.timeline_id INTO place.timeline FROM pg_control_checkpoint() AS c;
    ELSE
        -- At once after a promotion; the control file says it only after the next checkpoint.
        place.timeline := ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        NULL;
END;
$$;

-- The histories of a log. The last one is in force. A new one begins only by an operator's word: on another server, or
-- after a loss, from `position` on.
CREATE TABLE log.lineage (
    log_id smallint NOT NULL,
    ordinal integer NOT NULL,
    lineage_id text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', ''),
    system_identifier text,
    position bigint NOT NULL,
    is_loss_accepted boolean NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT lineage_pk PRIMARY KEY (log_id, ordinal),
    CONSTRAINT lineage_log_exists FOREIGN KEY (log_id) REFERENCES log.head (log_id),
    CONSTRAINT lineage_id_is_unique UNIQUE (lineage_id)
);

INSERT INTO log.lineage (log_id, ordinal, system_identifier, position, is_loss_accepted)
SELECT h.log_id, 1, p.system_identifier, h.position, FALSE
FROM log.head AS h
CROSS JOIN log.place() AS p;

CREATE TRIGGER lineage_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON log.lineage
FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.lineage ENABLE ALWAYS TRIGGER lineage_only_grows;

-- Begins a new history of the log at its head, on this server; the owner's to call. Locks the row of log.head.
CREATE FUNCTION log.begin_lineage(p_log smallint, p_is_loss_accepted boolean) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_position bigint;
BEGIN
    SELECT h.position INTO STRICT v_position FROM log.head AS h WHERE h.log_id = p_log FOR UPDATE;
    INSERT INTO log.lineage (log_id, ordinal, system_identifier, position, is_loss_accepted)
    SELECT p_log, max(l.ordinal) + 1, p.system_identifier, v_position, p_is_loss_accepted
    FROM log.lineage AS l
    CROSS JOIN log.place() AS p
    WHERE l.log_id = p_log
    GROUP BY p.system_identifier;
END;
$$;

-- The digests that came back with their events from the stream, and whose contents are lost: not erased by anybody.
CREATE TABLE log.lost_content (
    digest bytea NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT lost_content_pk PRIMARY KEY (digest)
);

-- Who owns what in the schemas of the service, and who else may do what with it; `acl` may be null.
CREATE VIEW log.ownership AS
SELECT 'SCHEMA' AS kind, quote_ident(n.nspname) AS name, n.nspowner AS owner, n.nspacl AS acl, 'n'::"char" AS of
FROM pg_catalog.pg_namespace AS n
WHERE n.nspname IN ('log', 'access')
UNION ALL
SELECT 'TABLE', format('%I.%I', n.nspname, c.relname), c.relowner, c.relacl, 'r'
FROM pg_catalog.pg_class AS c
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
WHERE n.nspname IN ('log', 'access') AND c.relkind IN ('r', 'v')
UNION ALL
SELECT
    'FUNCTION', format('%I.%I(%s)', n.nspname, f.proname, pg_catalog.pg_get_function_identity_arguments(f.oid)),
    f.proowner, f.proacl, 'f'
FROM pg_catalog.pg_proc AS f
INNER JOIN pg_catalog.pg_namespace AS n ON f.pronamespace = n.oid
WHERE n.nspname IN ('log', 'access');

CREATE VIEW log.privilege AS
SELECT
    o.kind, o.name, a.privilege_type AS privilege,
    CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END AS grantee
FROM log.ownership AS o
CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(o.acl, pg_catalog.acldefault(o.of, o.owner))) AS a
WHERE a.grantee <> o.owner;

-- What the two views said after the last migration: a copy that was restored without roles gets it back from here.
CREATE TABLE log.noted_owner (
    kind text NOT NULL,
    name text NOT NULL,
    owner text NOT NULL,
    CONSTRAINT noted_owner_pk PRIMARY KEY (kind, name)
);

CREATE TABLE log.noted_privilege (
    kind text NOT NULL,
    name text NOT NULL,
    privilege text NOT NULL,
    grantee text NOT NULL,
    CONSTRAINT noted_privilege_pk PRIMARY KEY (kind, name, privilege, grantee)
);

-- Notes who owns what and who may do what; `migrate` calls it when all is as the migrations made it.
CREATE FUNCTION log.note_privileges() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM log.noted_owner;
    DELETE FROM log.noted_privilege;
    INSERT INTO log.noted_owner (kind, name, owner)
    SELECT o.kind, o.name, pg_get_userbyid(o.owner) FROM log.ownership AS o;
    INSERT INTO log.noted_privilege (kind, name, privilege, grantee)
    SELECT p.kind, p.name, p.privilege, p.grantee FROM log.privilege AS p;
END;
$$;

-- Makes owners and privileges as they were noted and returns how many it had to change. What an operator granted to
-- roles of the installation's own stays.
CREATE FUNCTION log.restore_privileges() RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_owners text[];
    v_privileges text[];
    v_command text;
BEGIN
    -- Collected before it is run: a table that is being read cannot be altered. Schemas first, because the owner of a
    -- table must be allowed to make one there.
    SELECT array_agg(format('ALTER %s %s OWNER TO %I', n.kind, n.name, n.owner) ORDER BY n.kind <> 'SCHEMA')
    INTO v_owners
    FROM log.noted_owner AS n
    INNER JOIN log.ownership AS o ON n.kind = o.kind AND n.name = o.name
    WHERE n.owner <> pg_get_userbyid(o.owner);
    FOREACH v_command IN ARRAY coalesce(v_owners, '{}') LOOP
        EXECUTE v_command;
    END LOOP;
    -- What the owner may do changed with the owner, so this is looked at only now.
    SELECT array_agg(c.command) INTO v_privileges
    FROM (
        SELECT format('REVOKE %s ON %s %s FROM %s', p.privilege, p.kind, p.name, p.grantee) AS command
        FROM (SELECT * FROM log.privilege EXCEPT SELECT * FROM log.noted_privilege) AS p
        WHERE p.grantee = 'PUBLIC'
            AND EXISTS (SELECT FROM log.noted_owner AS n WHERE n.kind = p.kind AND n.name = p.name)
        UNION ALL
        SELECT format('GRANT %s ON %s %s TO %s', p.privilege, p.kind, p.name, p.grantee)
        FROM (SELECT * FROM log.noted_privilege EXCEPT SELECT * FROM log.privilege) AS p
        WHERE EXISTS (SELECT FROM log.ownership AS o WHERE o.kind = p.kind AND o.name = p.name)
    ) AS c;
    FOREACH v_command IN ARRAY coalesce(v_privileges, '{}') LOOP
        EXECUTE v_command;
    END LOOP;
    RETURN cardinality(coalesce(v_owners, '{}')) + cardinality(coalesce(v_privileges, '{}'));
END;
$$;

GRANT SELECT ON log.installation, log.lineage, log.lost_content
TO numbering_writer, numbering_reader, numbering_projector;
REVOKE ALL ON FUNCTION log.place, log.begin_lineage, log.note_privileges, log.restore_privileges FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.place TO numbering_writer, numbering_reader, numbering_projector;

RESET ROLE;
