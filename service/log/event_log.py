"""The log as the writer and the readers see it, and how it can fail. Two implementations: PostgreSQL and memory."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from msgspec import Struct

from schemas.outcomes import Outcome
from schemas.record import StoredRecord
from schemas.values import Digest, DocumentId, FirmId, LogId, Mode, Number, Position, SeriesId, UnixSeconds
from service.log.identity import LogIdentity


class Content(Struct, frozen=True):
    """What an event's digest stands for: SHA-256 over the 16 random bytes of `salt` and the UTF-8 JSON of `body`."""

    digest: Digest
    salt: bytes
    body: bytes


class Answer(Struct, frozen=True):
    """What a command came to, under the digest of its idempotency key; `request` is the digest of its body."""

    key: bytes
    request: bytes
    outcome: Outcome


class RecordOutline(Struct, frozen=True):
    """A record as the relay needs it: where it goes, when it was written, and its canonical bytes, not decoded."""

    log: LogId
    position: Position
    stream: SeriesId
    tag: str
    firm_id: FirmId
    mode: Mode
    at: UnixSeconds
    canonical: bytes


class Batch(Struct, frozen=True):
    """What one append writes, all or nothing."""

    records: Sequence[StoredRecord]
    contents: Sequence[Content] = ()
    answers: Sequence[Answer] = ()


class Snapshot(Struct, frozen=True):
    """An encoded State at `position`; `record_digest` is the SHA-256 of the record there."""

    position: Position
    record_digest: bytes
    state: bytes


class LogFaultError(Exception):
    """The log could not do what was asked. Every subclass says what is written."""


class StalePositionError(LogFaultError):
    """The head is not where the writer thought; nothing was written."""

    def __init__(self, head: Position) -> None:
        super().__init__(f"the log is at position {head}")
        self.head = head


class AnswerExistsError(LogFaultError):
    """One of the batch's idempotency keys has an answer; nothing was written."""


class LogHaltedError(LogFaultError):
    """The log takes no events until an operator resumes it; nothing was written."""

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because


class LogUnavailableError(LogFaultError):
    """The store cannot be reached; nothing was written by this call."""


class LogReadOnlyError(LogUnavailableError):
    """The store can be read and takes no writes, such as a standby; nothing was written."""


class NewerReleaseError(LogUnavailableError):
    """The log holds what a newer release wrote and this one cannot read; nothing was written by this call."""


class AppendInDoubtError(LogFaultError):
    """The connection died during the append: it is written whole, or not at all, and only the log knows which."""


class PrintedTwiceError(LogFaultError):
    """A document of the batch would show the full number of another (CONTRACT.md D87); nothing was written."""


class LogBrokenError(LogFaultError):
    """The store refused what only a defect can have produced (a gap, an overlap, a fork); nothing was written."""


class HeldLog(Protocol):
    """A log whose write lock is ours: the head stays where it is until we move it."""

    head: Position

    async def read(self, after: Position, limit: int) -> list[StoredRecord]:
        """At most `limit` records after `after`, in order. Raises LogUnavailableError."""
        ...

    async def append(self, expected: Position, batch: Batch) -> None:
        """As EventLog.append; durable only once the hold is left without an exception."""
        ...


class EventLog(Protocol):
    """One totally ordered, append-only log."""

    @property
    def log_id(self) -> LogId:
        """Which log this is."""
        ...

    async def identity(self) -> LogIdentity:
        """Of which installation it is, and on which server. Raises LogUnavailableError."""
        ...

    async def append(self, expected: Position, batch: Batch) -> None:
        """Write the batch after position `expected`; when it returns, the batch is durable.

        Raises StalePositionError, AnswerExistsError, PrintedTwiceError, LogHaltedError, LogUnavailableError and
        LogBrokenError with nothing written, AppendInDoubtError with nothing or everything written.
        """
        ...

    def hold(self, after: Position | None = None) -> AbstractAsyncContextManager[HeldLog]:
        """Take the write lock first, then read and append: a writer that does so cannot be overtaken.

        What follows `after` comes with the lock, so that reading it costs no time in which others wait.

        Raises LogUnavailableError and LogHaltedError on entering; AppendInDoubtError on leaving.
        """
        ...

    async def head(self) -> Position:
        """The position of the last event, 0 for an empty log.

        What is decided there, a refusal too, is decided by this machine's clock. Raises LogUnavailableError, also if
        that clock was set wrong.
        """
        ...

    async def halted(self) -> str | None:
        """Why the log takes no events, if it is halted. Raises LogUnavailableError."""
        ...

    async def halt(self, because: str) -> None:
        """Take no more events until an operator resumes the log. Raises LogUnavailableError."""
        ...

    async def barrier(self, reader: str) -> Position:
        """A head that no failover can take back, by a commit of our own. Raises LogUnavailableError."""
        ...

    async def read(self, after: Position, limit: int) -> list[StoredRecord]:
        """At most `limit` records after `after`, in order. Raises LogUnavailableError."""
        ...

    async def read_outlines(self, after: Position, limit: int) -> list[RecordOutline]:
        """As `read`, for a reader that passes records on and does not look into them. Raises LogUnavailableError."""
        ...

    async def record_at(self, position: Position) -> StoredRecord | None:
        """The record at `position`, if the log reaches so far. Raises LogUnavailableError."""
        ...

    async def document(self, document_id: DocumentId) -> list[StoredRecord]:
        """The events of one document, in order; empty if there is none. Raises LogUnavailableError."""
        ...

    async def consumption(self, series_id: SeriesId, number: Number) -> StoredRecord | None:
        """The event that put `number` on a document, if one did. Raises LogUnavailableError."""
        ...

    async def contents(self, digests: Sequence[Digest]) -> dict[Digest, Content]:
        """The bodies of these digests, without those that were erased. Raises LogUnavailableError."""
        ...

    async def lost_contents(self, digests: Sequence[Digest]) -> set[Digest]:
        """Those of these digests whose bodies did not come back with their events, and which no operator erased.

        Raises LogUnavailableError.
        """
        ...

    async def answer(self, key: bytes) -> Answer | None:
        """What was answered under this key. Raises LogUnavailableError."""
        ...

    async def snapshot(self, release: str) -> Snapshot | None:
        """The snapshot that was kept last by this release, if there is one. Raises LogUnavailableError."""
        ...

    async def keep_snapshot(self, release: str, snapshot: Snapshot) -> None:
        """Keep it instead of an older one, or of another release's. Raises LogUnavailableError."""
        ...
