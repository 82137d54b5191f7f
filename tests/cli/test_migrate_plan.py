"""`numbering migrate --plan`, as an operator reads it before an upgrade."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest_asyncio

from service.log.migrating.migrate import migrate
from service.log.migrating.migrations import known_migrations
from tests.support.servers.databases import database, with_database
from tests.support.servers.parts import Parts
from tests.support.service.command_line import Command, printed

SCHEMA = f"{known_migrations()[-1].number:04}"


@pytest_asyncio.fixture
async def before(parts: Parts, database_admin: asyncpg.Connection) -> AsyncIterator[str]:
    """The address of a database that is two migrations behind this release's."""
    async with database(database_admin, f"before_{secrets.token_hex(8)}", "template0") as name:
        url = with_database(parts.postgres_url, name)
        await migrate(url, known_migrations()[:15])
        yield url


async def test_the_plan_has_a_paragraph_for_each_migration_and_leaves_them_undone(
    command: Command, before: str, tmp_path: Path
) -> None:
    told = await asyncio.to_thread(command, "migrate", "--plan", DATABASE_URL=before)
    lines = told.stdout.splitlines()
    assert lines[0].startswith("The database has schema 0015, this release ")
    assert "0016_time_stamps: Time stamps: what an authority of RFC 3161 answered when it was" in told.stdout
    assert "    Locks: others wait for evidence.note." in lines
    assert "    Older releases: processes that run go on; one that is started again does not start." in lines
    assert not (tmp_path / "data" / "keys.json").exists()
    machine = printed(await asyncio.to_thread(command, "migrate", "--plan", "--json", DATABASE_URL=before))
    assert [step["name"] for step in machine["pending"]] == [each.name for each in known_migrations()[15:]]
    done = printed(await asyncio.to_thread(command, "migrate", DATABASE_URL=before))
    assert done["migrated"] == [step["name"] for step in machine["pending"]]


def test_the_plan_of_a_database_that_is_up_to_date_is_a_line(command: Command) -> None:
    told = command("migrate", "--plan")
    assert told.exit_code == 0
    assert told.stdout == f"The database has schema {SCHEMA}, this release {SCHEMA}: nothing to run.\n"


def test_json_belongs_to_the_plan(command: Command) -> None:
    assert command("migrate", "--json").exit_code == 2
