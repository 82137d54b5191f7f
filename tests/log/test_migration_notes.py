"""What a migration says of itself is true: its locks, its work, and which older releases may run on the new schema."""

import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from service.log.migrating.migrations import NOTED_SINCE, Migration, known_migrations, migration_of
from service.statements import statement
from tests.support.servers.databases import database, with_database
from tests.support.servers.parts import Parts
from tests.support.servers.schema_changes import Changes, run

FIRST = NOTED_SINCE - 1
"""The schema of the last release that let no other one start beside it."""


@pytest_asyncio.fixture
async def bare(parts: Parts, database_admin: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """The superuser in a database in which no migration ran."""
    async with database(database_admin, f"bare_{secrets.token_hex(8)}", "template0") as name:
        connection = await asyncpg.connect(with_database(parts.postgres_url, name))
        await connection.execute(statement("migrations_table"))
        await connection.execute(statement("migrations_roles"))
        yield connection
        await connection.close()


@pytest_asyncio.fixture
async def prepared(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The superuser in a database of this release."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


def faults(migration: Migration, changes: Changes, runs_with: int) -> list[str]:
    """What is wrong with the notes of a migration that runs where releases from schema `runs_with` on may run."""
    found: list[str] = []
    if changes.locked != set(migration.locks):
        found.append(f"it locks {sorted(changes.locked)} and says {sorted(migration.locks)}")
    if changes.rewritten and migration.takes is None:
        found.append(f"it builds {sorted(changes.rewritten)} and does not say what it takes")
    if migration.number < NOTED_SINCE:
        return found
    if migration.runs_with is None or not runs_with <= migration.runs_with <= migration.number:
        found.append(f"`Runs with` is from {runs_with:04} to {migration.number:04}")
    elif changes.narrowed and migration.runs_with == runs_with:
        found.append(f"an older release may miss what it had: {sorted(changes.narrowed)}; raise `Runs with`")
    return found


async def test_each_migration_does_what_it_says(bare: asyncpg.Connection) -> None:
    runs_with, found = FIRST, dict[str, list[str]]()
    for migration in known_migrations():
        changes = await run(bare, migration)
        found[migration.name] = faults(migration, changes, runs_with)
        runs_with = max(runs_with, migration.runs_with or 0)
    assert {name: each for name, each in found.items() if each} == {}


def test_each_migration_begins_with_a_sentence_that_an_operator_can_read() -> None:
    for migration in known_migrations():
        assert 20 < len(migration.says) < 320, migration.name
        assert migration.says.endswith("."), migration.name
        assert "\n" not in migration.says


NOTES = "-- {number:04}: made for a test.\n-- Runs with: 0017\n{more}SET LOCAL ROLE numbering_owner;\n{text};\n"

NARROWING = {
    "a column is dropped": ("ALTER TABLE access.firm DROP COLUMN name", "column access.firm.name is gone"),
    "a column has another name": ("ALTER TABLE access.firm RENAME name TO label", "column access.firm.name is gone"),
    "a column has another type": (
        "ALTER TABLE access.firm ALTER COLUMN log_id TYPE integer",
        "column access.firm.log_id is another",
    ),
    "a column must be given": (
        "ALTER TABLE access.firm ADD COLUMN vat text NOT NULL",
        "column access.firm.vat is needed now",
    ),
    "a table is dropped": ("DROP TABLE access.audit_read CASCADE", "table access.audit_read is gone"),
    "a function is dropped": (
        "DROP FUNCTION log.keep_snapshot",
        "function log.keep_snapshot(",
    ),
    "a function has another body": (
        "CREATE OR REPLACE FUNCTION log.kind_of(p_tag text) RETURNS text LANGUAGE sql RETURN 'other'",
        "function log.kind_of(p_tag text) is another",
    ),
    "a value is refused": (
        "ALTER TABLE access.firm ADD CONSTRAINT firm_is_short CHECK (length(name) < 9)",
        "constraint firm_is_short is needed now",
    ),
    "a value may stand once": (
        "CREATE UNIQUE INDEX firm_once ON access.firm (name)",
        "unique index firm_once is needed now",
    ),
    "a trigger looks on": (
        "CREATE TRIGGER firm_stays BEFORE DELETE ON access.firm EXECUTE FUNCTION log.refuse_change()",
        "trigger firm_stays is needed now",
    ),
    "a role may no longer": (
        "REVOKE SELECT ON access.firm FROM numbering_writer",
        "privilege SELECT on access.firm of numbering_writer is gone",
    ),
}

WIDENING = {
    "a table is new": "CREATE TABLE access.note (text text NOT NULL CHECK (text <> ''))",
    "a column may be left out": "ALTER TABLE access.firm ADD COLUMN vat text NOT NULL DEFAULT ''",
    "a function is new": "CREATE FUNCTION log.one() RETURNS integer LANGUAGE sql RETURN 1",
    "a rule is gone": "ALTER TABLE access.session DROP CONSTRAINT session_auditor_is_no_admin",
}


def a_migration(text: str, more: str = "") -> Migration:
    number = known_migrations()[-1].number + 1
    return migration_of(f"{number:04}_test", NOTES.format(number=number, text=text, more=more))


@pytest.mark.parametrize("name", NARROWING)
async def test_a_change_that_an_older_release_would_miss_is_found(prepared: asyncpg.Connection, name: str) -> None:
    text, says = NARROWING[name]
    migration = a_migration(text)
    changes = await run(prepared, migration)
    assert [each for each in changes.narrowed if says in each], changes.narrowed
    assert any("raise `Runs with`" in fault for fault in faults(migration, changes, FIRST))


@pytest.mark.parametrize("name", WIDENING)
async def test_a_change_that_an_older_release_can_live_with_is_let_through(
    prepared: asyncpg.Connection, name: str
) -> None:
    changes = await run(prepared, a_migration(WIDENING[name]))
    assert changes.narrowed == set()


async def test_what_a_migration_keeps_is_named_by_it(prepared: asyncpg.Connection) -> None:
    text, _ = NARROWING["a function has another body"]
    changes = await run(prepared, a_migration(text, "-- Keeps: log.kind_of(p_tag text)\n"))
    assert changes.narrowed == set()


async def test_a_lock_that_a_migration_does_not_name_is_found(prepared: asyncpg.Connection) -> None:
    migration = a_migration("ALTER TABLE access.firm ADD COLUMN vat text")
    assert await run(prepared, migration) == Changes({"access.firm"}, set(), set())
    assert faults(migration, Changes({"access.firm"}, set(), set()), FIRST) == ["it locks ['access.firm'] and says []"]
