"""What only an operator does to a log: resume it, put back the events it lost, or write to it while it is halted.

All of it needs the owner's role.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from schemas.record import StoredRecord, decode_record
from schemas.values import LogId, Position
from service.log.event_log import Batch, LogUnavailableError
from service.log.postgres_faults import append_faults, read_faults
from service.log.sessions import close, connect
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
                await _append(connection, log_id, expected, records)


class OperatorHold:
    """A log whose write lock an operator holds. A halted one takes the operator's events too, and stays halted."""

    def __init__(
        self, connection: asyncpg.Connection, log_id: LogId, head: Position, halted_because: str | None
    ) -> None:
        self.head = head
        self.halted_because = halted_because
        self._connection = connection
        self._log_id = log_id

    async def read(self, after: Position, limit: int) -> list[StoredRecord]:
        """See HeldLog.read."""
        rows = await self._connection.fetch(statement("log_read"), self._log_id, after, limit)
        return [StoredRecord(decode_record(row[0]), row[0].encode()) for row in rows]

    async def append(self, expected: Position, batch: Batch) -> None:
        """See HeldLog.append. No other process sees the log resumed in between: the lock is ours until the commit."""
        if self.halted_because is not None:
            await self._connection.execute(statement("log_resume"), self._log_id)
        await _append(self._connection, self._log_id, expected, batch.records)
        if self.halted_because is not None:
            await self._connection.execute(statement("log_halt"), self._log_id, self.halted_because)


@asynccontextmanager
async def holding(database_url: str, log_id: LogId) -> AsyncGenerator[OperatorHold]:
    """Hold the write lock of the log for the block; what is appended in it is durable when it is left.

    Nobody else issues in the meantime, so the block must be short. Raises LogUnavailableError on entering, and
    AppendInDoubtError and LogBrokenError as an append does.
    """
    async with _owner(database_url) as connection:
        with append_faults(connection):
            async with connection.transaction(isolation="read_committed"):
                row = await connection.fetchrow(statement("log_head_locked"), log_id)
                if row is None:
                    raise LogUnavailableError(f"log {log_id} does not exist")
                yield OperatorHold(connection, log_id, Position(row["position"]), row["halted_because"])


async def _append(
    connection: asyncpg.Connection, log_id: LogId, expected: Position, records: Sequence[StoredRecord]
) -> None:
    for start in range(0, len(records), BATCH):
        texts = [stored.canonical.decode() for stored in records[start : start + BATCH]]
        nothing: list[object] = [[] for _ in range(6)]
        await connection.fetchval(statement("log_append"), log_id, expected + start, texts, *nothing)


@asynccontextmanager
async def _owner(database_url: str) -> AsyncGenerator[asyncpg.Connection]:
    with read_faults():
        connection = await connect(database_url, ROLE, "numbering")
    try:
        yield connection
    finally:
        await close(connection)
