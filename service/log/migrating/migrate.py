"""Brings a database's schema up to date: numbered SQL files, forward only, each in a transaction of its own.

Roles, and what they may do, are made first and whatever ran before: a dump carries neither, so a copy that was
restored into an empty cluster has all migrations and no role that may use them.
"""

import hashlib
from collections.abc import Sequence

import asyncpg

from service.log.migrating.migrations import Migration, known_migrations
from service.log.migrating.schema_fit import newer_than, ran_of
from service.log.sessions import connected
from service.software import SOFTWARE
from service.statements import statement


class MigrationChangedError(Exception):
    """A migration that ran here reads differently now; nothing was changed by the run that noticed."""


class OwnersLostError(Exception):
    """The schema is not its owner's, and its owners were never noted; nothing was changed, only missing roles made."""


class NotAllowedToMigrateError(Exception):
    """The database user lacks a right that `migrate` needs; the message says which and how to give it."""


async def migrate(database_url: str, known: Sequence[Migration] | None = None) -> list[str]:
    """Make roles and privileges right, run the migrations this database has not seen, in order; returns their names.

    `known` are the migrations of this release. On a database of a newer release on which this one may run, nothing is
    left to do. Safe to call from several processes at once: one works, the others wait. What ran before a failure
    stays; the failing migration leaves nothing, and so does one that is killed. A migration that would wait longer than
    4 s for a table in use fails with SQLSTATE 55P03 and may be tried again. Raises MigrationChangedError,
    SchemaUnfitError for a database of a newer release, OwnersLostError, NotAllowedToMigrateError, and asyncpg's own
    errors.
    """
    try:
        return await _migrate(database_url, known_migrations() if known is None else known)
    except asyncpg.InsufficientPrivilegeError as error:
        raise NotAllowedToMigrateError(
            f"this database user may not prepare the database: {error.args[0]}. It must own the database and create "
            "roles (ALTER USER ... CREATEROLE); where another database of this cluster has made them, it must be given "
            "them: GRANT numbering_owner, numbering_writer, numbering_reader, numbering_projector TO ... WITH ADMIN "
            "OPTION"
        ) from error


async def _migrate(database_url: str, known: Sequence[Migration]) -> list[str]:
    # Another process may migrate for long: that is waited for, as long as it takes.
    async with connected(database_url, None, "numbering migrate", lock_timeout="0") as connection:
        await connection.execute(statement("migrations_turn"))
        await connection.execute(statement("migrations_table"))
        async with connection.transaction():
            # Beside the turn, which a release before did not take.
            await connection.execute(statement("migrations_lock"))
            await connection.execute(statement("migrations_patience"))
            await connection.execute(statement("migrations_columns"))
            await connection.execute(statement("migrations_roles"))
        await _restore_privileges(connection)
        newer_than(known, [ran_of(row) for row in await connection.fetch(statement("migrations_names"))])
        ran = [migration.name for migration in known if await _run(connection, migration)]
        if ran:
            await connection.execute(statement("privileges_note"))
        return ran


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


async def _run(connection: asyncpg.Connection, migration: Migration) -> bool:
    digest = hashlib.sha256(migration.text.encode()).hexdigest()
    async with connection.transaction():
        await connection.execute(statement("migrations_lock"))
        seen = await connection.fetchval(statement("migrations_digest"), migration.name)
        if seen == digest:
            return False
        if seen is not None:
            raise MigrationChangedError(f"migration {migration.name} was edited after it ran on this database")
        # Every statement that needs a table waits behind a migration that waits for it: the service must not, for long.
        await connection.execute(statement("migrations_patience"))
        if migration.locks:
            await connection.execute(statement("migrations_still"))
        await connection.execute(migration.text)
        await connection.execute(
            statement("migrations_add"), migration.name, digest, migration.runs_with, release_name()
        )
        return True


def release_name() -> str:
    """The version of this release, as the list of migrations notes it."""
    return SOFTWARE.split()[-1]
