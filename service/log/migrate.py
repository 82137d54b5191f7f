"""Brings a database's schema up to date: numbered SQL files, forward only, each in a transaction of its own."""

import hashlib
from pathlib import Path
from typing import Final

import asyncpg

from service.log.sessions import connected
from service.statements import statement

MIGRATIONS: Final = Path(__file__).with_name("sql") / "migrations"


class MigrationChangedError(Exception):
    """A migration that ran here reads differently now; nothing was changed by the run that noticed."""


async def migrate(database_url: str) -> list[str]:
    """Run the migrations this database has not seen, in order, and return their names.

    Safe to call from several processes at once: the table of migrations is locked while one runs. What ran before a
    failure stays; the failing migration leaves nothing. A migration that would wait longer than 4 s for a table in use
    fails with SQLSTATE 55P03 and may be tried again. Raises MigrationChangedError, and asyncpg's own errors.
    """
    # Another process may migrate for long: that is waited for, as long as it takes.
    async with connected(database_url, None, "numbering migrate", lock_timeout="0") as connection:
        await connection.execute(statement("migrations_table"))
        return [name for name, text in _migrations() if await _run(connection, name, text)]


def _migrations() -> list[tuple[str, str]]:
    return [(file.stem, file.read_text("utf-8")) for file in sorted(MIGRATIONS.glob("*.sql"))]


async def _run(connection: asyncpg.Connection, name: str, text: str) -> bool:
    digest = hashlib.sha256(text.encode()).hexdigest()
    async with connection.transaction():
        await connection.execute(statement("migrations_lock"))
        seen = await connection.fetchval(statement("migrations_digest"), name)
        if seen == digest:
            return False
        if seen is not None:
            raise MigrationChangedError(f"migration {name} was edited after it ran on this database")
        # Every statement that needs a table waits behind a migration that waits for it: the service must not, for long.
        await connection.execute(statement("migrations_patience"))
        await connection.execute(text)
        await connection.execute(statement("migrations_add"), name, digest)
        return True
