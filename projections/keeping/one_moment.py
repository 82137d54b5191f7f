"""Reading several projections as one: in one snapshot, at one position, and never half of a swapped copy."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from msgspec import Struct

from projections.statements import statement
from schemas.values import FirmId, LogId, Mode, Position, SeriesId, UnixSeconds

Connection = asyncpg.Connection | PoolConnectionProxy
Answer = TypeVar("Answer")

FRESH_SECONDS_MAX: Final = 0.5
"""How long a report waits for the projections before it is folded from the log."""

FRESH_POLL_SECONDS: Final = 0.01


OF_ANOTHER_DEFINITION: Final = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidCachedStatementError,
)
"""What a statement meets in a copy that another version of this program made, or that was just swapped in."""


class Header(Struct, frozen=True):
    """A series' counter, and where the projections of a report stand in its log."""

    log_id: LogId
    series_id: SeriesId
    firm_id: FirmId
    mode: Mode
    name: str
    taken: int
    standing: int
    voided: int
    withdrawn: int
    pending: int
    released: int
    expired: int
    position: Position
    at: UnixSeconds | None
    rows_position: Position

    def is_of(self, at_least: Position) -> bool:
        """Whether counter and rows are of one position that contains `at_least`."""
        return self.position == self.rows_position >= at_least


def header(row: asyncpg.Record) -> Header:
    """The header in a row of one of the report_*_header*.sql statements."""
    return Header(**dict(row.items()))


async def from_projections(
    connection: Connection,
    schemas: Sequence[str],
    read: Callable[[], Awaitable[Answer | None]],
    *,
    is_waiting: bool,
) -> Answer | None:
    """What `read` answers from one snapshot; if it is none, asked again for FRESH_SECONDS_MAX if `is_waiting`.

    Raises asyncpg's errors.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + (FRESH_SECONDS_MAX if is_waiting else 0)
    while True:
        answer = await _from_one_copy(connection, schemas, read)
        if answer is not None or loop.time() >= deadline:
            return answer
        await asyncio.sleep(FRESH_POLL_SECONDS)


async def _from_one_copy(
    connection: Connection, schemas: Sequence[str], read: Callable[[], Awaitable[Answer | None]]
) -> Answer | None:
    """What `read` answers; none if a copy is missing, was swapped meanwhile, or cannot be asked.

    Names are looked up anew for each statement, whatever the snapshot: without this, rows of a copy that was swapped in
    could be read with a snapshot older than the copy, which sees a part of them.
    """
    before = await _identities(connection, schemas)
    if None in before:
        return None
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            answer = await read()
    except OF_ANOTHER_DEFINITION:
        return None
    return answer if await _identities(connection, schemas) == before else None


async def _identities(connection: Connection, schemas: Sequence[str]) -> list[int | None]:
    return [await connection.fetchval(statement("copy_identity"), f"{schema}.checkpoint") for schema in schemas]
