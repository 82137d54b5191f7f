"""The counter that most programmers write first: lock the row, read it, move it, insert the number, commit.

It gets the best conditions: one connection for each worker, kept for the whole run and never reset, statements that
are prepared once, and no more columns than the numbers need.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg

from tests.benchmarks.place import sql

CONNECTIONS_MAX = 90
SERIES = "hot"


async def create(database_url: str) -> None:
    """Make the tables, with one series."""
    connection = await asyncpg.connect(database_url)
    try:
        for name in ("naive_schema", "naive_series", "naive_reservation"):
            await connection.execute(sql(name))
        await connection.execute(sql("naive_open"), SERIES)
    finally:
        await connection.close()


@asynccontextmanager
async def clients(database_url: str, count: int) -> AsyncGenerator[list[Callable[[], Awaitable[int]]]]:
    """At most CONNECTIONS_MAX clients; each call of a client reserves the next number and returns it once durable."""
    async with AsyncExitStack() as stack:
        found: list[Callable[[], Awaitable[int]]] = []
        for _ in range(min(count, CONNECTIONS_MAX)):
            connection = await asyncpg.connect(database_url)
            stack.push_async_callback(connection.close)
            found.append(await _client(connection))
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


async def _client(connection: asyncpg.Connection) -> Callable[[], Awaitable[int]]:
    lock = await connection.prepare(sql("naive_lock"))
    move = await connection.prepare(sql("naive_move"))
    insert = await connection.prepare(sql("naive_insert"))

    async def reserve() -> int:
        async with connection.transaction():
            number = int(await lock.fetchval(SERIES))
            await move.fetchval(SERIES, number + 1)
            await insert.fetchval(SERIES, number, "device")
        return number

    return reserve
