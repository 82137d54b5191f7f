"""What only an operator does to a log: resume it, put back the events it lost, or write to it while it is halted.

All of it needs the owner's role.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from schemas.record import StoredRecord, decode_record
from schemas.values import Digest, LogId, Position
from service.log.columns import arguments_of
from service.log.event_log import Answer, Batch, Content, LogUnavailableError
from service.log.postgres_faults import append_faults, read_faults
from service.log.sessions import close, connect
from service.statements import statement

ROLE: Final = "numbering_owner"
BATCH: Final = 1_000
"""Records in one call of `log.append`."""


async def resume(
    database_url: str, log_id: LogId, *, begins_lineage: bool = False, is_loss_accepted: bool = False
) -> None:
    """Lift the halt, so that the log accepts events again.

    A new lineage says that an operator knows the log to be right where it is now; with `is_loss_accepted`, also that
    what marks of the earlier one know may be gone. Raises LogUnavailableError, after which both may be done or not;
    resuming again does no harm.
    """
    async with _owner(database_url) as connection:
        with read_faults():
            async with connection.transaction():
                await connection.execute(statement("log_resume"), log_id)
                if begins_lineage or is_loss_accepted:
                    await connection.execute(statement("log_begin_lineage"), log_id, is_loss_accepted)


async def adopt(
    database_url: str,
    log_id: LogId,
    expected: Position,
    records: Sequence[StoredRecord],
    answers: Sequence[Answer] = (),
    *,
    begins_lineage: bool = False,
    is_loss_accepted: bool = False,
) -> None:
    """Append the records after `expected` and resume the log, in one transaction: no append comes between.

    The SQL function `log.append` checks them as it checks every event. What documents said is not in events, so it does
    not come back, and is noted as lost; `answers` stand for those that are lost. A lineage begins as in `resume`.
    Raises StalePositionError, LogBrokenError and LogUnavailableError with nothing written, AppendInDoubtError with
    nothing or everything written.
    """
    async with _owner(database_url) as connection:
        with append_faults(connection):
            # The first statement takes the lock of the log's head, and the commit gives it back.
            async with connection.transaction():
                await connection.execute(statement("log_resume"), log_id)
                fresh = await _without_answer(connection, answers)
                await _append(connection, log_id, expected, records, fresh)
                await connection.execute(statement("log_note_lost_contents"), *_contents(records))
                if begins_lineage or is_loss_accepted:
                    await connection.execute(statement("log_begin_lineage"), log_id, is_loss_accepted)


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
        await _append(self._connection, self._log_id, expected, batch.records, contents=batch.contents)
        if self.halted_because is not None:
            await self._connection.execute(statement("log_halt"), self._log_id, self.halted_because)


@asynccontextmanager
async def holding(database_url: str, log_id: LogId) -> AsyncGenerator[OperatorHold]:
    """Hold the write lock of the log for the block; what is appended in it is durable when it is left.

    No other process issues during that time, so the block must be short. Raises LogUnavailableError on entering, and
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
    connection: asyncpg.Connection,
    log_id: LogId,
    expected: Position,
    records: Sequence[StoredRecord],
    answers: Sequence[Answer] = (),
    contents: Sequence[Content] = (),
) -> None:
    for start in range(0, len(records), BATCH):
        part = records[start : start + BATCH]
        batch = Batch(part) if start else Batch(part, contents, answers)
        await connection.fetchval(statement("log_append"), *arguments_of(log_id, Position(expected + start), batch))


async def _without_answer(connection: asyncpg.Connection, answers: Sequence[Answer]) -> list[Answer]:
    """The answers whose key has none yet: a repeat may have come between the loss and the halt, and changed nothing."""
    rows = await connection.fetch(statement("log_answers_kept"), [answer.key for answer in answers])
    kept = {row["key"] for row in rows}
    return [answer for answer in answers if answer.key not in kept]


def _contents(records: Sequence[StoredRecord]) -> tuple[list[bytes], list[int]]:
    """The digests of the contents that these events name, and the positions of those events."""
    found: list[tuple[Digest | None, int]] = [
        (getattr(stored.record.event, "content", None), stored.record.position) for stored in records
    ]
    named = [(digest, position) for digest, position in found if digest is not None]
    return [bytes.fromhex(digest) for digest, _ in named], [position for _, position in named]


@asynccontextmanager
async def _owner(database_url: str) -> AsyncGenerator[asyncpg.Connection]:
    with read_faults():
        connection = await connect(database_url, ROLE, "numbering")
    try:
        yield connection
    finally:
        await close(connection)
