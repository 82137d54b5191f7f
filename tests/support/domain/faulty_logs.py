"""Logs that lose the connection during a write, before or after its commit; they wrap a real log."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from enum import Enum

from schemas.record import StoredRecord
from schemas.values import Digest, DocumentId, LogId, Number, Position, SeriesId
from service.log.event_log import (
    Answer,
    AppendInDoubtError,
    Batch,
    Content,
    EventLog,
    HeldLog,
    LogUnavailableError,
    RecordOutline,
    Snapshot,
)
from service.log.identity import LogIdentity


class Fault(Enum):
    """What happens to a write."""

    NONE = "none"
    BEFORE = "the connection dies before the commit"
    AFTER = "the connection dies after the commit, before the reply"
    AWAY = "the store cannot be reached"


class LosesReplies(EventLog):
    """A log with one fault of the sequence for each write, and no fault after the last of them."""

    def __init__(self, log: EventLog, faults: Iterable[Fault]) -> None:
        self._log = log
        self._faults = iter(faults)
        self.writes = 0

    @property
    def log_id(self) -> LogId:
        """Which log this is."""
        return self._log.log_id

    async def identity(self) -> LogIdentity:
        """As the log behind it."""
        return await self._log.identity()

    async def append(self, expected: Position, batch: Batch) -> None:
        """Append, or lose the connection."""
        fault = self._next()
        if fault is not Fault.BEFORE:
            await self._log.append(expected, batch)
        if fault is not Fault.NONE:
            raise AppendInDoubtError(fault.value)

    def hold(self, after: Position | None = None) -> AbstractAsyncContextManager[HeldLog]:
        """Hold, and perhaps lose the connection while leaving."""
        return self._hold(after)

    @asynccontextmanager
    async def _hold(self, after: Position | None) -> AsyncGenerator[HeldLog]:
        fault = self._next()
        try:
            async with self._log.hold(after) as held:
                yield held
                _lose_before_commit(fault)
        except _LostBeforeCommitError:
            raise AppendInDoubtError(fault.value) from None
        if fault is Fault.AFTER:
            raise AppendInDoubtError(fault.value)

    def _next(self) -> Fault:
        self.writes += 1
        fault = next(self._faults, Fault.NONE)
        if fault is Fault.AWAY:
            raise LogUnavailableError(fault.value)
        return fault

    async def head(self) -> Position:
        """See EventLog.head."""
        return await self._log.head()

    async def halted(self) -> str | None:
        """See EventLog.halted."""
        return await self._log.halted()

    async def halt(self, because: str) -> None:
        """See EventLog.halt."""
        await self._log.halt(because)

    async def barrier(self, reader: str) -> Position:
        """See EventLog.barrier."""
        return await self._log.barrier(reader)

    async def read(self, after: Position, limit: int) -> list[StoredRecord]:
        """See EventLog.read."""
        return await self._log.read(after, limit)

    async def read_outlines(self, after: Position, limit: int) -> list[RecordOutline]:
        """See EventLog.read_outlines."""
        return await self._log.read_outlines(after, limit)

    async def record_at(self, position: Position) -> StoredRecord | None:
        """See EventLog.record_at."""
        return await self._log.record_at(position)

    async def document(self, document_id: DocumentId) -> list[StoredRecord]:
        """See EventLog.document."""
        return await self._log.document(document_id)

    async def consumption(self, series_id: SeriesId, number: Number) -> StoredRecord | None:
        """See EventLog.consumption."""
        return await self._log.consumption(series_id, number)

    async def contents(self, digests: Sequence[Digest]) -> dict[Digest, Content]:
        """See EventLog.contents."""
        return await self._log.contents(digests)

    async def lost_contents(self, digests: Sequence[Digest]) -> set[Digest]:
        """As the log behind it."""
        return await self._log.lost_contents(digests)

    async def answer(self, key: bytes) -> Answer | None:
        """See EventLog.answer."""
        return await self._log.answer(key)

    async def snapshot(self, release: str) -> Snapshot | None:
        """See EventLog.snapshot."""
        return await self._log.snapshot(release)

    async def keep_snapshot(self, release: str, snapshot: Snapshot) -> None:
        """See EventLog.keep_snapshot."""
        await self._log.keep_snapshot(release, snapshot)


def _lose_before_commit(fault: Fault) -> None:
    if fault is Fault.BEFORE:
        raise _LostBeforeCommitError


class _LostBeforeCommitError(Exception):
    """Rolls the hold back."""
