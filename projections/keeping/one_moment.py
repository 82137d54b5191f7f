"""Reading several projections as one: in one snapshot, at one position, and never half of a swapped copy.

A snapshot, in this package, is PostgreSQL's: what one transaction sees of the rows.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from projections.statements import statement

Connection = asyncpg.Connection | PoolConnectionProxy
Answer = TypeVar("Answer")

FRESH_SECONDS_MAX: Final = 0.5
"""How long a report waits for the projections before it is folded from the log."""

FRESH_POLL_SECONDS: Final = 0.01

OF_ANOTHER_DEFINITION: Final = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.InvalidCachedStatementError,
)
"""What a statement meets where a copy is missing, was made by another version of this program, or was just swapped."""


async def from_projections(
    connection: Connection,
    schemas: Sequence[str],
    read: Callable[[], Awaitable[Answer | None]],
    *,
    is_waiting: bool,
) -> Answer | None:
    """What `read` answers from one snapshot; if it is none, asked again for FRESH_SECONDS_MAX if `is_waiting`.

    `schemas` are the copies that `read` asks; it must answer none where one of them has no checkpoint. This costs three
    round trips more than `read`. Raises asyncpg's errors.
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
    """What `read` answers; none if a copy is missing, is swapped while it reads, or cannot be asked.

    Rows are read from the snapshot, but each statement looks names up in the newest catalogue: rows of a copy that was
    swapped in could be read with a snapshot older than the copy, which sees a part of them. A copy that has lost its
    name never gets it back. So if the copy that has the name in the snapshot has it after the last statement too, every
    statement between met that copy. One that was looked up just before the snapshot and lost its name by then has no
    checkpoint left in it (`Rebuild`).
    """
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            answer = await read()
            is_kept = answer is not None and await connection.fetchval(statement("copies_are_kept"), list(schemas))
    except OF_ANOTHER_DEFINITION:
        return None
    return answer if is_kept else None
