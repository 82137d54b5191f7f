"""Reads a report from the projections; if they cannot give it, folds it from the log."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, TypeVar

import asyncpg

from projections.keeping.one_moment import Connection
from projections.keeping.projection_faults import is_passing
from service.api.calling.call import Call
from service.api.refusals.causes import Unavailable
from service.api.refusals.table import refused
from service.log.event_log import LogUnavailableError

FromCopies = TypeVar("FromCopies")
FromLog = TypeVar("FromLog")

READ_WAIT_SECONDS_MAX: Final = 3.0
"""How long a request waits for its turn to fold a series, and then as long again for a connection."""


async def kept_or_folded(
    call: Call,
    kept: Callable[[Connection], Awaitable[FromCopies | None]] | None,
    folded: Callable[[Connection], Awaitable[FromLog]],
) -> FromCopies | FromLog:
    """The result of `kept`, which reads the projections; if it is not given or finds none, that of `folded`.

    Folding a whole series keeps the event loop busy, so only a few requests fold at once, and of one firm only one.
    Raises LogUnavailableError if the database is away or busy with others, and RefusedError if too many requests fold,
    each after READ_WAIT_SECONDS_MAX.
    """
    if kept is not None:
        async with reading(call) as connection:
            if (found := await kept(connection)) is not None:
                return found
    async with _folding(call) as connection:
        return await folded(connection)


@asynccontextmanager
async def reading(call: Call, wait_seconds: float = READ_WAIT_SECONDS_MAX) -> AsyncGenerator[Connection]:
    """A connection that reads the projections and the log.

    Raises LogUnavailableError if the database is away, or has no connection free within `wait_seconds`.
    """
    try:
        async with call.dependencies.reads.acquire(timeout=wait_seconds) as connection:
            yield connection
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        if not is_passing(error):
            raise
        raise LogUnavailableError("PostgreSQL cannot be asked for the report") from error


@asynccontextmanager
async def _folding(call: Call) -> AsyncGenerator[Connection]:
    """As `reading`, with a turn. A request that waits for its turn holds no connection, so shorter reads go on."""
    async with AsyncExitStack() as held:
        try:
            await held.enter_async_context(call.dependencies.folds.turn(call.caller.firm_id, READ_WAIT_SECONDS_MAX))
        except TimeoutError as error:
            raise refused(Unavailable("Too many reports are being made from the log.")) from error
        yield await held.enter_async_context(reading(call))
