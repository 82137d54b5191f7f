"""What only an operator does to a log: resume it, or put back the events it lost. Both need the owner's role."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from schemas.record import StoredRecord
from schemas.values import LogId, Position
from service.log.postgres_faults import CONNECT_SECONDS_MAX, append_faults, read_faults
from service.statements import statement

ROLE: Final = "numbering_owner"
BATCH: Final = 1_000
"""Records in one call of `log.append`."""


async def resume(database_url: str, log_id: LogId) -> None:
    """Lift the halt, so that the log accepts events again.

    Raises LogUnavailableError, after which the halt may be lifted or not; resuming again does no harm.
    """
    async with _owner(database_url) as connection:
        with read_faults():
            await connection.execute(statement("log_resume"), log_id)


async def adopt(database_url: str, log_id: LogId, expected: Position, records: Sequence[StoredRecord]) -> None:
    """Append the records after `expected` and resume the log, in one transaction: no append comes between.

    The SQL function `log.append` checks them as it checks every event. What documents said and the answers kept for
    idempotency keys are not in events, so they do not come back. Raises StalePositionError, LogBrokenError and
    LogUnavailableError with nothing written, AppendInDoubtError with nothing or everything written.
    """
    async with _owner(database_url) as connection:
        with append_faults(connection):
            # The first statement takes the lock of the log's head, and the commit gives it back.
            async with connection.transaction():
                await connection.execute(statement("log_resume"), log_id)
                for start in range(0, len(records), BATCH):
                    texts = [stored.canonical.decode() for stored in records[start : start + BATCH]]
                    nothing: list[object] = [[] for _ in range(6)]
                    await connection.fetchval(statement("log_append"), log_id, expected + start, texts, *nothing)


@asynccontextmanager
async def _owner(database_url: str) -> AsyncGenerator[asyncpg.Connection]:
    with read_faults():
        connection = await asyncpg.connect(
            database_url, timeout=CONNECT_SECONDS_MAX, server_settings={"role": ROLE, "application_name": "numbering"}
        )
    try:
        yield connection
    finally:
        await connection.close()
