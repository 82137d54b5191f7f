"""The connection that writes: one batch at a time, and a new connection once the old one is silent or in doubt."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final, NamedTuple

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement
from asyncpg.transaction import Transaction

from schemas.record import StoredRecord, UnknownEventError, decode_record
from schemas.values import LogId, Position
from service.log.clock_guard import ClockGuard
from service.log.columns import arguments_of
from service.log.event_log import AppendInDoubtError, Batch, NewerReleaseError
from service.log.postgres_faults import append_faults, read_faults
from service.log.sessions import ANSWER_SECONDS_MAX, connect, cut_off_after, end
from service.statements import statement

ROLE: Final = "numbering_writer"
HELD_READ_MAX: Final = 1_000
"""How many records come with the lock; a process that missed more reads them before it takes it."""

BYTES_A_SECOND_MIN: Final = 1_000_000
"""How fast a batch gets to PostgreSQL at the least; a large one may take that much longer than ANSWER_SECONDS_MAX."""

_NOTHING: Final = Batch(())


class Appender:
    """Writes to one log of a PostgreSQL database through one connection, for any coroutine, one after another."""

    def __init__(
        self,
        database_url: str,
        log_id: LogId,
        clock_guard: ClockGuard,
        server_settings: Mapping[str, str],
        on_doubt: Callable[[], Awaitable[None]],
    ) -> None:
        """`server_settings` are those of the session besides its role and its limits.

        `on_doubt` is called when a connection was lost or fell silent: others may have been at the same moment.
        """
        self._database_url = database_url
        self._log_id = log_id
        self._clock_guard = clock_guard
        self._server_settings = server_settings
        self._on_doubt = on_doubt
        # Only the holder of `_turn` opens, uses or terminates it, except `close`.
        self._line: _Line | None = None
        self._turn = asyncio.Lock()
        # When PostgreSQL last committed something of ours.
        self._written_at = float("-inf")

    def close(self) -> None:
        """End the connection, also while a statement runs on it."""
        if self._line is not None:
            end(self._line.connection)

    async def append(self, expected: Position, batch: Batch) -> None:
        """See EventLog.append. One statement, one commit: when it returns, PostgreSQL has made the batch durable."""
        await self._clock_guard.refuse_if_set()
        await self._write(expected, batch, _seconds_for(batch))

    async def try_to_write(self, expected: Position, seconds_max: float, *, fresh_seconds: float) -> None:
        """Do what an append does, with nothing in it, unless one was made `fresh_seconds` ago or less.

        Raises what `EventLog.append` raises: StalePositionError too, which says that everything but the commit works.
        """
        if monotonic() - self._written_at > fresh_seconds:
            await self._write(expected, _NOTHING, seconds_max)

    @asynccontextmanager
    async def hold(self, after: Position | None) -> AsyncGenerator["HeldPostgresLog"]:
        """See EventLog.hold. The row lock of log.head is ours from the second statement until the commit.

        No other process can write between two statements, so there are few: the one that locks and reads, `log_append`,
        and the commit. PostgreSQL bounds what this process does between them (`sessions.LIMITS`), and
        ANSWER_SECONDS_MAX bounds what PostgreSQL does in each.
        """
        await self._clock_guard.refuse_if_set()
        async with self._writing() as line:
            connection = line.connection
            transaction = connection.transaction(isolation="read_committed")
            with cut_off_after(connection, ANSWER_SECONDS_MAX):
                await transaction.start()
            try:
                with cut_off_after(connection, ANSWER_SECONDS_MAX):
                    limit = 0 if after is None else HELD_READ_MAX
                    rows = await line.hold.fetch(self._log_id, after or 0, limit)
                missed = [stored_of(row["record"]) for row in rows[1:]]
                yield HeldPostgresLog(line, self._log_id, Position(rows[0]["head"]), missed, self._clock_guard)
                # What was appended in the block is durable when this has returned and `_writing` has ended.
                with cut_off_after(connection, ANSWER_SECONDS_MAX):
                    await transaction.commit()
            except asyncpg.PostgresError:
                await _roll_back(connection, transaction)
                raise
            except BaseException:
                # With the connection goes the lock, at once, and without another word that could be lost.
                connection.terminate()
                raise
        self._written_at = monotonic()

    async def _write(self, expected: Position, batch: Batch, seconds_max: float) -> None:
        arguments = arguments_of(self._log_id, expected, batch)
        async with self._writing() as line:
            with cut_off_after(line.connection, seconds_max):
                # Before this line nothing is written; while it waits, only the log knows. The batch is durable, and its
                # numbers are spent, when `_writing` ends without an exception, not when the row is here: a commit that
                # did not wait for its standbys succeeds with a warning, which `append_faults` finds at the end.
                await line.append.fetchval(*arguments)
        self._written_at = monotonic()

    @asynccontextmanager
    async def _writing(self) -> AsyncGenerator["_Line"]:
        """The one connection that writes, for one coroutine at a time; what fails in the block is a fault of append."""
        async with self._turn:
            if self._line is None or self._line.connection.is_closed():
                with read_faults():
                    self._line = await self._connect()
            line = self._line
            try:
                with append_faults(line.connection):
                    yield line
            except AppendInDoubtError:
                await self._on_doubt()
                raise
            except asyncio.CancelledError:
                # A cancelled BEGIN or COMMIT leaves a transaction open, with the lock of the log: the next append
                # would write into it, be told that it is durable, and lose it.
                line.connection.terminate()
                raise

    async def _connect(self) -> "_Line":
        connection = await connect(self._database_url, ROLE, "numbering writer", **self._server_settings)
        try:
            with cut_off_after(connection, ANSWER_SECONDS_MAX):
                hold = await connection.prepare(statement("log_hold_and_read"))
                append = await connection.prepare(statement("log_append"))
        except BaseException:
            connection.terminate()
            raise
        return _Line(connection, hold, append)


class _Line(NamedTuple):
    """The connection, and what it is for, prepared: asyncpg would otherwise do that under the lock."""

    connection: asyncpg.Connection
    hold: "PreparedStatement[asyncpg.Record]"
    append: "PreparedStatement[asyncpg.Record]"


class HeldPostgresLog:
    """A log inside a transaction that holds the row lock of its head."""

    def __init__(
        self,
        line: _Line,
        log_id: LogId,
        head: Position,
        missed: Sequence[StoredRecord],
        clock_guard: ClockGuard,
    ) -> None:
        """`missed` are records in order that were read with the lock."""
        self.head = head
        self._missed = missed
        self._line = line
        self._log_id = log_id
        self._clock_guard = clock_guard

    async def read(self, after: Position, limit: int) -> list[StoredRecord]:
        """See HeldLog.read."""
        start = after + 1 - self._missed[0].record.position if self._missed else 0
        if 0 <= start < len(self._missed):
            return list(self._missed[start : start + limit])
        with cut_off_after(self._line.connection, ANSWER_SECONDS_MAX):
            rows = await self._line.connection.fetch(statement("log_read"), self._log_id, after, limit)
        return [stored_of(row[0]) for row in rows]

    async def append(self, expected: Position, batch: Batch) -> None:
        """See HeldLog.append."""
        await self._clock_guard.refuse_if_set()
        with cut_off_after(self._line.connection, _seconds_for(batch)):
            await self._line.append.fetchval(*arguments_of(self._log_id, expected, batch))


async def _roll_back(connection: asyncpg.Connection, transaction: Transaction) -> None:
    """Give the lock back and keep the connection, if it can be kept; the refusal before it is what counts."""
    try:
        with cut_off_after(connection, ANSWER_SECONDS_MAX):
            await transaction.rollback()
    except Exception:  # noqa: BLE001 - PostgreSQL rolls back what it has no connection for
        connection.terminate()


def stored_of(text: str) -> StoredRecord:
    """The record with the bytes that the log keeps of it. Raises NewerReleaseError."""
    try:
        return StoredRecord(decode_record(text), text.encode())
    except UnknownEventError as error:
        raise NewerReleaseError(str(error)) from error


def _seconds_for(batch: Batch) -> float:
    size = sum(len(stored.canonical) for stored in batch.records) + sum(len(each.body) for each in batch.contents)
    return ANSWER_SECONDS_MAX + size / BYTES_A_SECOND_MIN
