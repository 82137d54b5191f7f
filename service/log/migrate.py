"""Brings a database's schema up to date: numbered SQL files, forward only, each in a transaction of its own."""

import hashlib
from pathlib import Path
from typing import Final

import asyncpg

from service.statements import statement

MIGRATIONS: Final = Path(__file__).with_name("sql") / "migrations"


class MigrationChangedError(Exception):
    """A migration that ran here reads differently now; nothing was changed by the run that noticed."""


async def migrate(database_url: str) -> list[str]:
    """Run the migrations this database has not seen, in order, and return their names.

    Safe to call from several processes at once: the table of migrations is locked while one runs. What ran before a
    failure stays; the failing migration leaves nothing. Raises MigrationChangedError, and asyncpg's own errors.
    """
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(statement("migrations_table"))
        return [name for name, text in _migrations() if await _run(connection, name, text)]
    finally:
        await connection.close()


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
        await connection.execute(text)
        await connection.execute(statement("migrations_add"), name, digest)
        return True
