"""Whether the schema of a database is this release's, neither older nor newer. A process asks before all else."""

from pathlib import Path
from typing import Final

import asyncpg

from service.log.postgres_faults import read_faults
from service.log.sessions import connected
from service.statements import statement

MIGRATIONS: Final = Path(__file__).with_name("sql") / "migrations"
ROLE: Final = "numbering_writer"


class SchemaUnfitError(Exception):
    """The schema is not this release's; the message says which of the two is older, and what to do."""


def known_migrations() -> dict[str, str]:
    """The text of each migration of this release by its name, in order."""
    return {file.stem: file.read_text("utf-8") for file in sorted(MIGRATIONS.glob("*.sql"))}


def require_known(ran: list[str]) -> None:
    """Return if this release knows every migration that ran. Raises SchemaUnfitError: the database is newer."""
    unknown = [name for name in ran if name not in known_migrations()]
    if unknown:
        raise SchemaUnfitError(
            f"this database is of a newer release of the service (migration {unknown[-1]} ran on it, which this one "
            "does not know); start that release, or restore a copy of the database from before the upgrade"
        )


async def require_fit(database_url: str) -> None:
    """Return if exactly the migrations of this release ran. Raises SchemaUnfitError, LogUnavailableError."""
    ran = await _migrations_that_ran(database_url)
    if ran is None:
        raise SchemaUnfitError("this database is not prepared, or its roles are missing; run `numbering migrate`")
    require_known(ran)
    missing = [name for name in known_migrations() if name not in ran]
    if missing:
        raise SchemaUnfitError(
            f"this database is of an older release (migration {missing[0]} has not run on it); run `numbering migrate`"
        )


async def _migrations_that_ran(database_url: str) -> list[str] | None:
    """The names of these; None if there is no list of them, or no right to read it. Raises LogUnavailableError."""
    with read_faults():
        try:
            async with connected(database_url, ROLE, "numbering") as connection:
                return [row["name"] for row in await connection.fetch(statement("migrations_names"))]
        except (asyncpg.InvalidParameterValueError, asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
            return None  # there is no such role, no such table, or no right to read it
