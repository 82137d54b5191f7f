"""Reads several projections as of one moment: all at one position, and none half from a copy that was swapped.

One moment is what one read-only transaction sees of the rows: in the words of PostgreSQL, its snapshot.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, TypeVar

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from projections.statements import statement

Connection = asyncpg.Connection | PoolConnectionProxy
Answer = TypeVar("Answer")

FRESH_SECONDS_MAX: Final = 0.5
"""How long a report waits for the projections before it is folded from the log."""

FRESH_POLL_SECONDS: Final = (0.002, 0.01)
"""The first and the longest wait between two looks at the projections; each wait is twice the one before."""

WANTED: Final = "numbering_projections_wanted"
"""The channel of PostgreSQL on which a report that waits tells the runners, whose process may be another one."""

OF_ANOTHER_DEFINITION: Final = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.InvalidCachedStatementError,
)
"""The errors of a statement on a copy that is missing, that another version of this program made, or that was just
swapped."""


async def from_projections(
    connection: Connection,
    schemas: Sequence[str],
    read: Callable[[], Awaitable[Answer | None]],
    *,
    is_waiting: bool,
) -> Answer | None:
    """What `read` returns, all of one moment; if that is None and `is_waiting`, `read` is tried for FRESH_SECONDS_MAX.

    A report that waits wakes the runners, which otherwise rest between two turns.
    `schemas` are the copies that `read` asks; it must return None if one of them has no checkpoint. This costs three
    round trips more than `read`. Raises asyncpg's errors.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + (FRESH_SECONDS_MAX if is_waiting else 0)
    wait_seconds, wait_seconds_max = FRESH_POLL_SECONDS
    is_told = False
    while True:
        answer = await _from_one_copy(connection, schemas, read)
        if answer is not None or loop.time() >= deadline:
            return answer
        if not is_told:
            await _wake_runners(connection)
            is_told = True
        await asyncio.sleep(wait_seconds)
        wait_seconds = min(2 * wait_seconds, wait_seconds_max)


async def _wake_runners(connection: Connection) -> None:
    # A server that takes no writes, or whose queue is full, takes no message; the runners then come when they come.
    with suppress(asyncpg.ReadOnlySQLTransactionError, asyncpg.ProgramLimitExceededError):
        await connection.execute(statement("runners_wake"), WANTED)


async def _from_one_copy(
    connection: Connection, schemas: Sequence[str], read: Callable[[], Awaitable[Answer | None]]
) -> Answer | None:
    """What `read` returns; None if a copy is missing, has other tables, or is swapped while `read` runs.

    A statement reads rows as of PostgreSQL's snapshot, but looks names up in the newest catalogue. So it could read a
    copy that was swapped in after the snapshot, and see only a part of its rows. A copy that has lost its name never
    gets it back: if the copy that has the name in the snapshot still has it after the last statement, then every
    statement read that copy. A copy may also lose its name between the look-up and the snapshot; `Rebuild` has then
    deleted its checkpoint.
    """
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            answer = await read()
            is_kept = answer is not None and await connection.fetchval(statement("copies_are_kept"), list(schemas))
    except OF_ANOTHER_DEFINITION:
        return None
    return answer if is_kept else None
