"""A copy of a projection: its tables in one schema. `NAME` answers; a rebuild fills `NAME_next`."""

import hashlib
import traceback
from collections.abc import AsyncIterator, Sequence
from enum import Enum
from typing import Final

import asyncpg
from msgspec import Struct

from projections.keeping.one_moment import Connection
from projections.keeping.projection_faults import CopyBrokenError, CopySwappedError, ProjectionBrokenError, is_passing
from projections.models.projection import Addition, Asked, Found, Projection, Write, array_text, csv_text
from projections.statements import statement
from schemas.record import Record
from schemas.values import Digest, LogId, Position, SeriesId

DIGEST_ROWS: Final = 2000
"""How many rows a digest fetches at a time."""


UNREADABLE: Final = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)
"""The errors of a statement on a copy that lacks a table or a column."""


class Fit(Enum):
    """How a copy compares with the projection of this program."""

    OWN = "own"
    OLDER = "older"
    NEWER = "newer"
    MISSING = "missing"


class Look(Struct, frozen=True):
    """How a copy compares with the projection, and its identity; a copy that replaces it has another identity."""

    fit: Fit
    identity: int | None


class Copy(Struct, frozen=True):
    """A projection and the schema that holds this copy of it."""

    projection: Projection
    schema: str


def live(projection: Projection) -> Copy:
    """The copy that answers."""
    return Copy(projection, projection.name)


def rebuilt(projection: Projection) -> Copy:
    """The copy that a rebuild fills."""
    return Copy(projection, f"{projection.name}_next")


def retired(projection: Projection) -> Copy:
    """The copy that a rebuild replaced, until it is dropped."""
    return Copy(projection, f"{projection.name}_old")


async def look_at_all(connection: asyncpg.Connection, copies: Sequence[Copy]) -> dict[str, Look]:
    """How each of the copies compares with its projection, by schema."""
    schemas = [copy.schema for copy in copies]
    rows = {row["name"]: row for row in await connection.fetch(statement("copy_definitions"), schemas)}
    return {copy.schema: _look(copy, rows[copy.schema]) for copy in copies}


async def look_at(connection: asyncpg.Connection, copy: Copy) -> Look:
    """How the copy compares with its projection, by the definition it was made with."""
    return (await look_at_all(connection, [copy]))[copy.schema]


async def ensure(connection: asyncpg.Connection, copy: Copy, log_id: LogId) -> Look:
    """Make an empty copy if there is none, and give it a checkpoint for the log if this program may write it.

    Several processes may call this at once.
    """
    look = await look_at(connection, copy)
    if look.fit is Fit.MISSING:
        try:
            async with connection.transaction():
                await create(connection, copy)
        except (asyncpg.DuplicateSchemaError, asyncpg.UniqueViolationError):
            pass  # another process made it first
        look = await look_at(connection, copy)
    if look.fit is Fit.OWN:
        async with connection.transaction():
            await follow(connection, copy, [log_id])
    return look


async def create(connection: asyncpg.Connection, copy: Copy) -> None:
    """Make an empty copy; the caller is in a transaction."""
    await connection.execute(statement("subject_set"), copy.schema, copy.projection.definition)
    await connection.execute(statement("schema_create"))
    await connection.execute(statement("schema_grant"))
    await use(connection, copy)
    for table in (statement("checkpoint_table"), *copy.projection.tables):
        await connection.execute(table)


async def take_over(connection: asyncpg.Connection, copy: Copy) -> None:
    """Give a copy that belongs to another user to the projector; the caller holds a transaction, and may do so."""
    await connection.execute(statement("subject_set"), copy.schema, "")
    await connection.execute(statement("schema_own"))
    await connection.execute(statement("role_projector"))
    await connection.execute(statement("schema_grant"))


async def follow(connection: asyncpg.Connection, copy: Copy, logs: Sequence[LogId]) -> None:
    """Give the copy a checkpoint for each of the logs; the caller is in a transaction."""
    await use(connection, copy)
    await connection.execute(statement("checkpoint_add"), list(logs))


async def rename(connection: asyncpg.Connection, copy: Copy, to: Copy) -> None:
    """Give the schema of `copy` the name of `to`; the caller is in a transaction."""
    await connection.execute(statement("subject_set"), copy.schema, to.schema)
    await connection.execute(statement("schema_rename"))


async def analyze(connection: asyncpg.Connection, copy: Copy) -> None:
    """Gather statistics on the tables, so that PostgreSQL plans their first reads well."""
    async with connection.transaction():
        await connection.execute(statement("subject_set"), copy.schema, "")
        await connection.execute(statement("schema_analyze"))


async def is_finished(connection: asyncpg.Connection, copy: Copy) -> bool:
    """Whether `finish` was done. Raises asyncpg.UndefinedTableError if there is no such copy."""
    async with connection.transaction():
        await use(connection, copy)
        return bool(await connection.fetchval(statement("copy_is_finished")))


async def finish(connection: asyncpg.Connection, copy: Copy) -> None:
    """Make the indexes that readers need, each in its own transaction, and gather statistics.

    An index over the rows of a long log takes less than half the time that it takes to keep it row by row. Several
    processes may call this at once. A process that writes the copy waits for each index.
    """
    for index in (*copy.projection.indexes, statement("copy_finish")):
        async with connection.transaction():
            await use(connection, copy)
            await connection.execute(index)
    await analyze(connection, copy)


async def drop(connection: asyncpg.Connection, copy: Copy) -> None:
    """Drop the copy if it exists. Raises asyncpg.LockNotAvailableError if a reader holds it for more than 0.5 s."""
    async with connection.transaction():
        await connection.execute(statement("subject_set"), copy.schema, "")
        await connection.execute(statement("schema_drop"))


async def use(connection: Connection, copy: Copy) -> None:
    """Make unqualified table names mean this copy until the transaction ends."""
    await connection.execute(statement("search_path_set"), copy.schema)


async def lock(connection: asyncpg.Connection, copy: Copy, log_id: LogId) -> Position:
    """The position of the copy; no other transaction moves it until this one ends.

    Raises CopySwappedError if the copy was swapped for another or dropped.
    """
    await use(connection, copy)
    try:
        row = await connection.fetchrow(statement("checkpoint_lock"), log_id)
    except asyncpg.UndefinedTableError as error:
        raise CopySwappedError(copy.schema) from error
    if row is None or row["definition"] != copy.projection.definition:
        raise CopySwappedError(copy.schema)
    return Position(row["position"])


async def lock_all(connection: asyncpg.Connection, copy: Copy) -> dict[LogId, Position]:
    """The position of the copy in every log that it follows; no other transaction moves them until this one ends."""
    await use(connection, copy)
    rows = await connection.fetch(statement("checkpoint_lock_all"))
    return {LogId(row["log_id"]): Position(row["position"]) for row in rows}


async def positions(connection: Connection, copy: Copy) -> dict[LogId, Position]:
    """The position of the copy in every log that it follows, without a lock; the caller is in a transaction."""
    await use(connection, copy)
    rows = await connection.fetch(statement("checkpoint_read"))
    return {LogId(row["log_id"]): Position(row["position"]) for row in rows}


async def apply(connection: asyncpg.Connection, copy: Copy, records: Sequence[Record]) -> None:
    """Write what the records change and move the checkpoint past them, in the caller's transaction: all or nothing.

    Raises CopyBrokenError if the records do not fit the rows of the copy or if a later try would fail too, and
    asyncpg's errors if a later try may succeed.
    """
    first, last = records[0], records[-1]
    await use(connection, copy)
    try:
        found = await _find(connection, copy.projection.asks(records))
        for write in copy.projection.collapse(records, found):
            if isinstance(write, Addition):
                await add(connection, copy, write)
            else:
                await _execute(connection, write)
        moved = (last.log, first.position - 1, last.position, last.at)
        await _execute(connection, Write(statement("checkpoint_move"), moved, 1))
    except Exception as error:
        if is_passing(error):
            raise
        where = f"positions {first.position} to {last.position} of log {first.log}"
        raise CopyBrokenError(copy.schema, f"{copy.schema} cannot take {where}: {_text_of(error)}") from error


async def _find(connection: asyncpg.Connection, asked: Asked) -> Found:
    bodies = await connection.fetch(statement("contents_read"), array_text(asked.contents)) if asked.contents else []
    types = await connection.fetch(statement("series_types"), array_text(asked.series)) if asked.series else []
    return Found(
        {Digest(row["digest"].hex()): row["body"] for row in bodies},
        {SeriesId(row["series_id"]): row["document_type"] for row in types},
    )


def _text_of(error: Exception) -> str:
    """The text of the error without PostgreSQL's DETAIL: that shows the row, and no content may reach a log line."""
    if isinstance(error, asyncpg.PostgresError):
        return f"{error.args[0]} ({error.sqlstate})"
    if isinstance(error, ProjectionBrokenError):
        return str(error)
    met = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {met.name}, line {met.lineno} of {met.filename}"


def _look(copy: Copy, row: asyncpg.Record) -> Look:
    is_there = row["identity"] is not None
    return Look(_fit(copy.projection, row["definition"]) if is_there else Fit.MISSING, row["identity"])


def _fit(projection: Projection, definition: str | None) -> Fit:
    """Two definitions with one version exist only while a programmer changes the code: the newest program wins."""
    if definition == projection.definition:
        return Fit.OWN
    version = (definition or "").partition(" ")[0]
    return Fit.NEWER if version.isdecimal() and int(version) > projection.version else Fit.OLDER


async def _execute(connection: asyncpg.Connection, write: Write) -> None:
    status = await connection.execute(write.sql, *write.parameters)
    affected = int(status.rpartition(" ")[2])
    if write.rows is not None and affected != write.rows:
        purpose = write.sql.partition("\n")[0].removeprefix("-- ")
        raise ProjectionBrokenError(f"a statement changed {affected} rows instead of {write.rows} ({purpose})")


async def add(connection: asyncpg.Connection, copy: Copy, addition: Addition) -> None:
    """Add the rows to a table of the copy. Raises asyncpg's errors: UniqueViolationError if one of them is there."""
    await connection.copy_to_table(
        addition.table,
        source=_once(csv_text(addition.rows)),  # a file would be read in another thread
        columns=addition.columns,
        schema_name=copy.schema,
        format="csv",
        escape="\\",
        null="null",
    )


async def _once(text: bytes) -> AsyncIterator[bytes]:
    yield text


async def digest(connection: asyncpg.Connection, copy: Copy) -> str:
    """SHA-256 over every row of every table, in the order of the primary keys; the caller is in a transaction."""
    await use(connection, copy)
    total = hashlib.sha256()
    for query in (statement("checkpoint_rows"), *copy.projection.digests):
        cursor = await connection.cursor(query)
        while rows := await cursor.fetch(DIGEST_ROWS):
            total.update("".join(f"{row[0]}\n" for row in rows).encode())
        total.update(b"\n")
    return total.hexdigest()
