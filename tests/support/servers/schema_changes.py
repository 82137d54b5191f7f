"""What a migration does to a schema, as PostgreSQL tells it: its locks, and what an older release may miss after it."""

from typing import Any, NamedTuple

import asyncpg

from service.log.migrating.migrations import Migration

NOT_OURS = ["pg_catalog", "information_schema", "pg_toast", "public"]
CATALOGUE = """
    SELECT 'column' AS kind, format('%s.%s.%s', n.nspname, c.relname, a.attname) AS name,
        format_type(a.atttypid, a.atttypmod) AS is,
        a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND a.attgenerated = '' AS is_needed,
        format('%s.%s', n.nspname, c.relname) AS of
    FROM pg_attribute AS a
    INNER JOIN pg_class AS c ON a.attrelid = c.oid INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname <> ALL ($1::text []) AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'table', format('%s.%s', n.nspname, c.relname), c.relkind::text, FALSE, NULL
    FROM pg_class AS c INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname <> ALL ($1::text []) AND c.relkind IN ('r', 'v')
    UNION ALL
    SELECT 'view', format('%s.%s', n.nspname, c.relname), md5(pg_get_viewdef(c.oid)), FALSE, NULL
    FROM pg_class AS c INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname <> ALL ($1::text []) AND c.relkind = 'v'
    UNION ALL
    SELECT 'function', format('%s.%s(%s)', n.nspname, f.proname, pg_get_function_identity_arguments(f.oid)),
        md5(pg_get_functiondef(f.oid)), FALSE, NULL
    FROM pg_proc AS f INNER JOIN pg_namespace AS n ON f.pronamespace = n.oid
    WHERE n.nspname <> ALL ($1::text [])
    UNION ALL
    SELECT 'constraint', k.conname, pg_get_constraintdef(k.oid), TRUE, format('%s.%s', n.nspname, c.relname)
    FROM pg_constraint AS k
    INNER JOIN pg_class AS c ON k.conrelid = c.oid INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname <> ALL ($1::text []) AND k.contype <> 'n'
    UNION ALL
    SELECT 'trigger', t.tgname, pg_get_triggerdef(t.oid), TRUE, format('%s.%s', n.nspname, c.relname)
    FROM pg_trigger AS t
    INNER JOIN pg_class AS c ON t.tgrelid = c.oid INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname <> ALL ($1::text []) AND NOT t.tgisinternal
    UNION ALL
    SELECT 'unique index', i.relname, pg_get_indexdef(x.indexrelid), TRUE, format('%s.%s', n.nspname, c.relname)
    FROM pg_index AS x
    INNER JOIN pg_class AS i ON x.indexrelid = i.oid
    INNER JOIN pg_class AS c ON x.indrelid = c.oid INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname <> ALL ($1::text []) AND x.indisunique
    UNION ALL
    SELECT 'privilege', format('%s on %s of %s', a.privilege_type, o.name, a.grantee::regrole), '', FALSE, NULL
    FROM (
        SELECT format('%s.%s', n.nspname, c.relname) AS name, c.relacl AS acl, c.relowner AS owner
        FROM pg_class AS c INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
        WHERE n.nspname <> ALL ($1::text []) AND c.relkind IN ('r', 'v')
        UNION ALL
        SELECT
            format('%s.%s(%s)', n.nspname, f.proname, pg_get_function_identity_arguments(f.oid)), f.proacl, f.proowner
        FROM pg_proc AS f INNER JOIN pg_namespace AS n ON f.pronamespace = n.oid
        WHERE n.nspname <> ALL ($1::text [])
        UNION ALL
        SELECT n.nspname, n.nspacl, n.nspowner FROM pg_namespace AS n WHERE n.nspname <> ALL ($1::text [])
    ) AS o CROSS JOIN LATERAL aclexplode(o.acl) AS a
    WHERE a.grantee <> 0 AND a.grantee <> o.owner
"""
FILES = """
    SELECT format('%s.%s', n.nspname, c.relname) AS name, pg_relation_filenode(c.oid) AS file,
        (SELECT count(*) FROM pg_index AS x WHERE x.indrelid = c.oid) AS indexes
    FROM pg_class AS c INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname <> ALL ($1::text []) AND c.relkind = 'r'
"""
LOCKED = """
    SELECT DISTINCT format('%s.%s', n.nspname, c.relname) AS name
    FROM pg_locks AS l
    INNER JOIN pg_class AS c ON l.relation = c.oid INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE l.pid = pg_backend_pid()
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
        AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
        AND n.nspname <> ALL ($1::text []) AND c.relkind = 'r'
"""


class Changes(NamedTuple):
    """`locked` and `rewritten` are tables of before; `narrowed` says what an older release may miss, or be refused."""

    locked: set[str]
    rewritten: set[str]
    narrowed: set[str]


async def run(connection: asyncpg.Connection, migration: Migration) -> Changes:
    """Run the migration in a transaction, and say what it did."""
    before, files = await _catalogue(connection), await _files(connection)
    async with connection.transaction():
        await connection.execute(migration.text)
        locked = {row["name"] for row in await connection.fetch(LOCKED, NOT_OURS)}
    after, files_after = await _catalogue(connection), await _files(connection)
    rewritten = {name for name in files if name in files_after and _is_built(files[name], files_after[name])}
    return Changes(locked & set(files), rewritten, set(_narrowed(before, after, set(migration.keeps))))


async def _catalogue(connection: asyncpg.Connection) -> dict[tuple[str, str], Any]:
    return {(row["kind"], row["name"]): row for row in await connection.fetch(CATALOGUE, NOT_OURS)}


async def _files(connection: asyncpg.Connection) -> dict[str, Any]:
    return {row["name"]: (row["file"], row["indexes"]) for row in await connection.fetch(FILES, NOT_OURS)}


def _is_built(before: tuple[int, int], after: tuple[int, int]) -> bool:
    return before[0] != after[0] or after[1] > before[1]


def _narrowed(before: dict[tuple[str, str], Any], after: dict[tuple[str, str], Any], keeps: set[str]) -> list[str]:
    """In words; what `keeps` names is left out, unless it is gone."""
    tables = {name for kind, name in before if kind == "table"}
    gone = [f"{kind} {name} is gone" for kind, name in before if (kind, name) not in after and not _is_a_rule(kind)]
    changed = [
        f"{kind} {name} is another"
        for (kind, name), row in before.items()
        if (kind, name) in after and after[kind, name]["is"] != row["is"] and name not in keeps
    ]
    needed = [
        f"{kind} {name} is needed now"
        for (kind, name), row in after.items()
        if row["is_needed"] and row["of"] in tables and name not in keeps and not _was_needed(before.get((kind, name)))
    ]
    return gone + changed + needed


def _is_a_rule(kind: str) -> bool:
    """Whether its end lets more through than before."""
    return kind in {"constraint", "trigger", "unique index"}


def _was_needed(row: Any) -> bool:
    return row is not None and bool(row["is_needed"])
