"""What `migrate` would do to a database, as far as its user may see it. Changes nothing."""

from collections.abc import Sequence
from typing import Final

import asyncpg
from msgspec import Struct

from service.log.migrating.migrations import Migration, known_migrations, number_of
from service.log.migrating.schema_fit import Ran, SchemaUnfitError, newer_than, ran_of
from service.log.sessions import connected
from service.statements import statement

ROLES: Final = ("numbering_owner", "numbering_writer", "numbering_reader", "numbering_projector")


class Step(Struct, frozen=True):
    """A migration that has not run here.

    `locks` are the tables of before that others cannot use, or not write, until it ends; `takes` says why that is long.
    `older_releases` says what becomes of processes of the releases before, `new_events` which events they cannot read.
    """

    name: str
    says: str
    locks: tuple[str, ...]
    takes: str | None
    older_releases: str
    new_events: tuple[str, ...]


class MigrationPlan(Struct, frozen=True):
    """What `migrate` of this release would find and do.

    `schema` is the number of the last migration that ran: 0 if none did, null if this user may not see that. `newer`
    are those of a newer release. `repairs` is what is put right besides, `refused` why nothing would be done, `unseen`
    what this user may not look at.
    """

    schema: int | None
    schema_of_this_release: int
    pending: tuple[Step, ...]
    newer: tuple[str, ...]
    repairs: tuple[str, ...]
    refused: str | None
    unseen: tuple[str, ...]
    is_running: bool


async def plan(database_url: str, known: Sequence[Migration] | None = None) -> MigrationPlan:
    """What `migrate` would do now, with the migrations `known`. Its session cannot write. Raises asyncpg's errors."""
    known = known_migrations() if known is None else known
    read_only = {"default_transaction_read_only": "on"}
    async with connected(database_url, None, "numbering migrate --plan", **read_only) as connection:
        seen = await connection.fetchrow(statement("migrations_plan"), list(ROLES))
        assert seen is not None, "the statement returns a row"
        unseen: list[str] = []
        ran = await _ran(connection, seen, unseen)
        repairs = await _repairs(connection, seen, unseen)
    newer, refused = _newer(known, ran or ())
    done = None if ran is None else {each.name for each in ran}
    return MigrationPlan(
        schema=None if done is None else max(map(number_of, done), default=0),
        schema_of_this_release=known[-1].number,
        pending=() if done is None or refused else tuple(_step(each) for each in known if each.name not in done),
        newer=tuple(newer),
        repairs=tuple(repairs),
        refused=refused,
        unseen=tuple(unseen),
        is_running=seen["is_running"],
    )


async def _ran(connection: asyncpg.Connection, seen: asyncpg.Record, unseen: list[str]) -> list[Ran] | None:
    if seen["may_read_list"] is None:
        return []
    if not seen["may_read_list"]:
        unseen.append("which migrations ran: this user may not read public.numbering_migration")
        return None
    return [ran_of(row) for row in await connection.fetch(statement("migrations_names"))]


async def _repairs(connection: asyncpg.Connection, seen: asyncpg.Record, unseen: list[str]) -> list[str]:
    found = [f"the role {name} is missing: it is made" for name in seen["missing"]]
    found += [f"this user is no member of {name}: it becomes one" for name in seen["not_ours"]]
    if seen["may_read_notes"]:
        wrong = await connection.fetchval(statement("privileges_wrong"))
        found += [f"{wrong} owners or privileges are not as the last migration left them"] if wrong else []
    elif seen["may_read_notes"] is not None:
        unseen.append("owners and privileges: this user is no member of numbering_owner")
    return found


def _newer(known: Sequence[Migration], ran: Sequence[Ran]) -> tuple[list[str], str | None]:
    try:
        return newer_than(known, ran), None
    except SchemaUnfitError as error:
        names = {migration.name for migration in known}
        return [each.name for each in ran if each.name not in names], str(error)


def _step(migration: Migration) -> Step:
    return Step(
        name=migration.name,
        says=migration.says,
        locks=migration.locks,
        takes=migration.takes,
        older_releases=_older_releases(migration),
        new_events=migration.event_types,
    )


def _older_releases(migration: Migration) -> str:
    if migration.runs_with is None:
        return "processes that run go on; one that is started again does not start"
    if migration.runs_with == migration.number:
        return "stop every process of an older release first"
    return f"releases from schema {migration.runs_with:04} on go on, and may start"
