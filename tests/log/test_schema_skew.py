"""Releases beside each other: what an older one may do on a schema that a newer one made; and `migrate --plan`."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from importlib.metadata import version

import asyncpg
import pytest
import pytest_asyncio

from service.log.migrating.migrate import migrate
from service.log.migrating.migration_plan import plan
from service.log.migrating.migrations import Migration, known_migrations, migration_of
from service.log.migrating.schema_fit import SchemaUnfitError, require_fit
from tests.support.servers.databases import database, with_database
from tests.support.servers.parts import Parts
from tests.support.waiting import until

NOW = known_migrations()
SCHEMA = NOW[-1].number
RELEASE = version("invoice-numbering")


def the_next(runs_with: int, text: str = "SELECT 1") -> tuple[Migration, ...]:
    """The migrations of the next release; its own lets releases from schema `runs_with` on run."""
    lines = [
        "-- A table of notes is there.",
        f"-- Runs with: {runs_with:04}",
        "-- Locks: access.firm",
        "-- Takes: it reads all firms once",
        "SET LOCAL ROLE numbering_owner;",
        "INSERT INTO log.event_type (tag, kind) VALUES ('till-moved/1', 'other');",
        f"{text};",
        "RESET ROLE;",
    ]
    return (*NOW, migration_of(f"{SCHEMA + 1:04}_next", "\n".join(lines)))


@pytest_asyncio.fixture
async def bare(parts: Parts, database_admin: asyncpg.Connection) -> AsyncIterator[str]:
    """The address of a database in which no migration ran."""
    async with database(database_admin, f"bare_{secrets.token_hex(8)}", "template0") as name:
        yield with_database(parts.postgres_url, name)


async def test_a_release_starts_on_the_next_schema_that_lets_it(database_url: str) -> None:
    assert await migrate(database_url, the_next(SCHEMA)) == [f"{SCHEMA + 1:04}_next"]
    await require_fit(database_url)
    assert await migrate(database_url) == []


async def test_a_release_does_not_start_on_a_schema_that_no_longer_has_what_it_needs(database_url: str) -> None:
    await migrate(database_url, the_next(SCHEMA + 1))
    for refuses in (require_fit, migrate):
        with pytest.raises(
            SchemaUnfitError, match=rf"\({RELEASE}, .* only releases from schema {SCHEMA + 1:04} on may"
        ):
            await refuses(database_url)
    await require_fit(database_url, the_next(SCHEMA + 1))


async def test_the_strictest_of_several_newer_migrations_counts(database_url: str) -> None:
    strict = the_next(SCHEMA + 1)
    lenient = migration_of(f"{SCHEMA + 2:04}_more", f"-- More.\n-- Runs with: {SCHEMA:04}\nSELECT 1;")
    await migrate(database_url, (*strict, lenient))
    with pytest.raises(SchemaUnfitError, match=rf"migration {SCHEMA + 1:04}_next"):
        await require_fit(database_url)
    await require_fit(database_url, strict)


async def test_a_new_release_does_not_start_on_the_schema_before_it(database_url: str) -> None:
    with pytest.raises(SchemaUnfitError, match=rf"{SCHEMA + 1:04}_next has not run .* `numbering migrate`"):
        await require_fit(database_url, the_next(SCHEMA))


async def test_a_release_without_notes_lets_no_older_one_start(database_url: str) -> None:
    """As the releases before wrote their list: it has no columns for notes."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("ALTER TABLE numbering_migration DROP COLUMN runs_with, DROP COLUMN release")
        await require_fit(database_url)
        await connection.execute("INSERT INTO numbering_migration (name, digest) VALUES ('0099_future', 'x')")
        for refuses in (require_fit, migrate):
            with pytest.raises(SchemaUnfitError, match=r"0099_future ran on it.* no older release starts"):
                await refuses(database_url)
    finally:
        await connection.close()


async def test_several_processes_may_prepare_an_empty_database_at_once(bare: str) -> None:
    ran = await asyncio.gather(*(migrate(bare) for _ in range(4)))
    assert sorted(map(len, ran)) == [0, 0, 0, len(NOW)]
    await require_fit(bare)


async def test_a_migration_that_cannot_have_its_table_leaves_everything_as_it_was(database_url: str) -> None:
    """Somebody reads the table for long: the migration gives up, so that nobody waits behind it, and says why."""
    migrations = the_next(SCHEMA, "ALTER TABLE access.firm ADD COLUMN vat text")
    reader = await asyncpg.connect(database_url)
    try:
        async with reader.transaction():
            await reader.fetch("SELECT * FROM access.firm")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await migrate(database_url, migrations)
        await require_fit(database_url)
        assert await migrate(database_url, migrations) == [f"{SCHEMA + 1:04}_next"]
    finally:
        await reader.close()


async def test_a_migration_and_an_append_never_wait_for_each_other(database_url: str) -> None:
    """The append has read events and goes on to the streams; the migration changes streams, then events."""
    text = "ALTER TABLE log.stream ADD COLUMN made text; ALTER TABLE log.event ADD COLUMN made text"
    writer, watcher = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    try:
        async with asyncio.TaskGroup() as group, writer.transaction():
            await writer.fetch("SELECT * FROM log.hold_and_read(1::smallint, 0, 10)")
            migrating = group.create_task(migrate(database_url, the_next(SCHEMA, text)))
            await until(lambda: is_waiting(watcher), "the migration waits")
            await writer.fetch("SELECT * FROM log.stream")
        assert migrating.result() == [f"{SCHEMA + 1:04}_next"]
    finally:
        await writer.close()
        await watcher.close()


async def is_waiting(watcher: asyncpg.Connection) -> bool:
    """Whether a session of this database waits for a lock of a table."""
    waiting = """
        SELECT EXISTS (
            SELECT FROM pg_locks AS l INNER JOIN pg_database AS d ON l.database = d.oid
            WHERE d.datname = current_database() AND l.relation IS NOT NULL AND NOT l.granted
        )
    """
    return bool(await watcher.fetchval(waiting))


async def test_a_plan_says_what_each_migration_does_locks_and_asks_of_older_releases(database_url: str) -> None:
    planned = await plan(database_url, the_next(SCHEMA))
    assert (planned.schema, planned.schema_of_this_release) == (SCHEMA, SCHEMA + 1)
    [step] = planned.pending
    assert step.says == "A table of notes is there."
    assert (step.locks, step.takes) == (("access.firm",), "it reads all firms once")
    assert f"from schema {SCHEMA:04} on go on, and may start" in step.older_releases
    assert step.new_events == ("till-moved/1",)
    assert (planned.repairs, planned.refused, planned.unseen) == ((), None, ())
    [strict] = (await plan(database_url, the_next(SCHEMA + 1))).pending
    assert "stop every process" in strict.older_releases


async def test_a_plan_changes_nothing_even_where_nothing_is(bare: str) -> None:
    planned = await plan(bare)
    assert planned.schema == 0
    assert [step.name for step in planned.pending] == [migration.name for migration in NOW]
    connection = await asyncpg.connect(bare)
    try:
        assert await connection.fetchval("SELECT to_regclass('numbering_migration')") is None
    finally:
        await connection.close()


async def test_a_plan_names_what_is_put_right_and_who_else_migrates(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("REVOKE SELECT ON log.event FROM numbering_reader")
        await connection.execute("GRANT EXECUTE ON FUNCTION log.halt TO PUBLIC")
        assert not (await plan(database_url)).is_running
        await connection.execute("SELECT pg_advisory_lock(hashtextextended('numbering migrate', 0))")
        planned = await plan(database_url)
        assert planned.is_running
        assert planned.repairs == ("2 owners or privileges are not as the last migration left them",)
        await connection.execute("SELECT pg_advisory_unlock_all()")
        await migrate(database_url)
        assert (await plan(database_url)).repairs == ()
    finally:
        await connection.close()


async def test_a_plan_on_a_newer_schema_says_whether_this_release_may_run(database_url: str) -> None:
    await migrate(database_url, the_next(SCHEMA))
    planned = await plan(database_url)
    assert (planned.newer, planned.refused, planned.pending) == ((f"{SCHEMA + 1:04}_next",), None, ())


async def test_a_plan_says_why_migrate_would_refuse(database_url: str) -> None:
    await migrate(database_url, the_next(SCHEMA + 1))
    planned = await plan(database_url)
    assert "only releases from schema" in (planned.refused or "")
    assert planned.pending == ()


async def test_a_plan_for_a_stranger_says_what_he_may_not_see(database_url: str) -> None:
    admin = await asyncpg.connect(database_url)
    name = f"numbering_stranger_{secrets.token_hex(4)}"
    try:
        await admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
        scheme, _, rest = database_url.partition("://")
        address = f"{scheme}://{name}:x@{rest.rpartition('@')[2]}"
        planned = await plan(address)
        assert planned.schema is None
        assert planned.pending == ()
        assert [each.split(":")[0] for each in planned.unseen] == ["which migrations ran", "owners and privileges"]
        assert "this user is no member of numbering_owner: it becomes one" in planned.repairs
    finally:
        await admin.execute(f"DROP ROLE IF EXISTS {name}")
        await admin.close()
