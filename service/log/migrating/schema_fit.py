"""Whether this release may run on the schema of a database. A process asks before all else.

Releases next to each other run side by side: a migration says with which older schemas' releases the new schema works
(`Migration.runs_with`), and the database keeps that, so that an older release can read it there.
"""

from collections.abc import Sequence
from typing import Final

import asyncpg
from msgspec import Struct

from service.log.migrating.migrations import Migration, known_migrations
from service.log.postgres_faults import read_faults
from service.log.sessions import connected
from service.statements import statement

ROLE: Final = "numbering_writer"


class SchemaUnfitError(Exception):
    """This release may not run on the schema; the message says which of the two is older, and what to do."""


class Ran(Struct, frozen=True):
    """A migration that ran on a database, as its release noted it; a release without notes left none."""

    name: str
    runs_with: int | None
    release: str | None


def ran_of(row: asyncpg.Record) -> Ran:
    """One row of `migrations_names`."""
    return Ran(row["name"], row["runs_with"], row["release"])


def newer_than(known: Sequence[Migration], ran: Sequence[Ran]) -> list[str]:
    """The migrations of newer releases among those that ran, on whose schema this release may run.

    Raises SchemaUnfitError if it may not: a newer release made the schema, and does not let this one in.
    """
    names = {migration.name for migration in known}
    schema = known[-1].number
    newer = [each for each in ran if each.name not in names]
    for each in newer:
        if each.runs_with is None or each.runs_with > schema:
            raise SchemaUnfitError(
                f"this database is of a newer release of the service ({_of(newer[-1])}), on which {_allowed(each)}; "
                f"this one has schema {schema:04}. Start that release, or restore a copy of the database from before "
                "the upgrade"
            )
    return [each.name for each in newer]


def _of(newest: Ran) -> str:
    release = "" if newest.release is None else f"{newest.release}, "
    return f"{release}migration {newest.name} ran on it"


def _allowed(strict: Ran) -> str:
    if strict.runs_with is None:
        return "no older release starts"
    return f"only releases from schema {strict.runs_with:04} on may run (migration {strict.name})"


async def require_fit(database_url: str, known: Sequence[Migration] | None = None) -> None:
    """Return if this release, with the migrations `known`, may run on the database.

    Raises SchemaUnfitError, LogUnavailableError.
    """
    known = known_migrations() if known is None else known
    ran = await _migrations_that_ran(database_url)
    if ran is None:
        raise SchemaUnfitError("this database is not prepared, or its roles are missing; run `numbering migrate`")
    newer_than(known, ran)
    names = {each.name for each in ran}
    missing = [migration.name for migration in known if migration.name not in names]
    if missing:
        raise SchemaUnfitError(
            f"this database is of an older release (migration {missing[0]} has not run on it); run `numbering migrate`"
        )


async def _migrations_that_ran(database_url: str) -> list[Ran] | None:
    """These; None if there is no list of them, or no right to read it. Raises LogUnavailableError."""
    with read_faults():
        try:
            async with connected(database_url, ROLE, "numbering") as connection:
                return [ran_of(row) for row in await connection.fetch(statement("migrations_names"))]
        except (asyncpg.InvalidParameterValueError, asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
            return None  # there is no such role, no such table, or no right to read it
