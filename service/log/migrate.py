"""Brings a database's schema up to date: numbered SQL files, forward only, each in a transaction of its own.

Roles, and what they may do, are made first and whatever ran before: a dump carries neither, so a copy that was
restored into an empty cluster has all migrations and nobody who may use them.
"""

import hashlib

import asyncpg

from service.log.postgres_faults import CONNECT_SECONDS_MAX
from service.log.schema_fit import known_migrations, require_known
from service.statements import statement


class MigrationChangedError(Exception):
    """A migration that ran here reads differently now; nothing was changed by the run that noticed."""


class OwnersLostError(Exception):
    """The schema is not its owner's, and who owned what was never noted; nothing was changed but missing roles made."""


async def migrate(database_url: str) -> list[str]:
    """Make roles and privileges right, run the migrations this database has not seen, in order; returns their names.

    Safe to call from several processes at once: the table of migrations is locked while one runs. What ran before a
    failure stays; the failing migration leaves nothing. Raises MigrationChangedError, SchemaUnfitError for a database
    of a newer release, OwnersLostError, and asyncpg's own errors.
    """
    connection = await asyncpg.connect(database_url, timeout=CONNECT_SECONDS_MAX)
    try:
        await connection.execute(statement("migrations_table"))
        async with connection.transaction():
            await connection.execute(statement("migrations_lock"))
            await connection.execute(statement("migrations_roles"))
        await _restore_privileges(connection)
        require_known([row["name"] for row in await connection.fetch(statement("migrations_names"))])
        ran = [name for name, text in known_migrations().items() if await _run(connection, name, text)]
        if ran:
            await connection.execute(statement("privileges_note"))
        return ran
    finally:
        await connection.close()


async def _restore_privileges(connection: asyncpg.Connection) -> None:
    found = await connection.fetchrow(statement("privileges_are_noted"))
    assert found is not None, "the statement returns a row"
    if found["is_notable"]:
        async with connection.transaction():
            await connection.execute(statement("migrations_lock"))
            await connection.fetchval(statement("privileges_restore"))
    elif found["is_owned"] is False:
        raise OwnersLostError(
            "the schema log does not belong to numbering_owner: this copy was restored while the roles were missing. "
            "They exist now: drop this database, and restore the copy once more"
        )


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
