"""The counter that most programmers write first: lock the row, read it, move it, insert the number, commit.

It gets the best conditions: one connection for each worker, kept for the whole run and never reset, statements that
are prepared once, and no more columns than the numbers need.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from enum import Enum
from typing import Final

import asyncpg
from asyncpg.exceptions import LockNotAvailableError

from tests.benchmarks.place import sql

CONNECTIONS_MAX: Final = 90
SERIES: Final = "hot"
DEVICE: Final = "device"

Reserve = Callable[[], Awaitable[int]]


class Way(Enum):
    """How a client gets its number: it waits for the row; it never waits and tries again; it calls one function."""

    WAITING = "waiting"
    AT_ONCE = "at once"
    ONE_CALL = "one call"


async def create(database_url: str) -> None:
    """Make the tables, with one series."""
    connection = await asyncpg.connect(database_url)
    try:
        for name in ("naive_schema", "naive_series", "naive_reservation", "naive_take_function"):
            await connection.execute(sql(name))
        await connection.execute(sql("naive_open"), SERIES)
    finally:
        await connection.close()


@asynccontextmanager
async def clients(
    database_url: str, count: int, way: Way = Way.WAITING, refused: Callable[[], None] = lambda: None
) -> AsyncGenerator[list[Reserve]]:
    """At most CONNECTIONS_MAX clients; each call of a client reserves the next number and returns it once durable.

    `refused` is called each time that the row was taken and a client had to try again.
    """
    async with AsyncExitStack() as stack:
        found: list[Reserve] = []
        for _ in range(min(count, CONNECTIONS_MAX)):
            connection = await asyncpg.connect(database_url)
            stack.push_async_callback(connection.close)
            match way:
                case Way.WAITING:
                    found.append(await _client(connection, "naive_lock"))
                case Way.AT_ONCE:
                    found.append(_trying(await _client(connection, "naive_lock_at_once"), refused))
                case Way.ONE_CALL:
                    found.append(await _calling(connection))
        yield found


async def taken(database_url: str) -> int:
    """How many numbers the counter gave; the table must hold the same number."""
    connection = await asyncpg.connect(database_url)
    try:
        moved, inserted = await connection.fetchrow(sql("naive_taken"), SERIES) or (0, 0)
        assert moved == inserted, "a number was given and not inserted"
        return int(moved)
    finally:
        await connection.close()


async def _client(connection: asyncpg.Connection, lock_name: str) -> Reserve:
    lock = await connection.prepare(sql(lock_name))
    move = await connection.prepare(sql("naive_move"))
    insert = await connection.prepare(sql("naive_insert"))

    async def reserve() -> int:
        async with connection.transaction():
            number = int(await lock.fetchval(SERIES))
            await move.fetchval(SERIES, number + 1)
            await insert.fetchval(SERIES, number, DEVICE)
        return number

    return reserve


def _trying(reserve: Reserve, refused: Callable[[], None]) -> Reserve:
    async def reserve_at_last() -> int:
        while True:
            try:
                return await reserve()
            except LockNotAvailableError:
                refused()

    return reserve_at_last


async def _calling(connection: asyncpg.Connection) -> Reserve:
    take = await connection.prepare(sql("naive_take"))

    async def reserve() -> int:
        return int(await take.fetchval(SERIES, DEVICE))

    return reserve
