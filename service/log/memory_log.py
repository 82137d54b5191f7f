"""The log in memory: the same promises within one process, for tests and simulations. Nothing survives it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256

from schemas.events import (
    DocumentErased,
    DraftErased,
    NumbersLost,
    NumbersReserved,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesOpened,
)
from schemas.record import Record, StoredRecord, event_tag
from schemas.values import (
    DEFAULT_LOG,
    NUMBER_MAX,
    Digest,
    DocumentId,
    DocumentType,
    FirmId,
    LogId,
    Mode,
    Number,
    NumberRange,
    Position,
    SeriesId,
)
from service.log.event_log import (
    Answer,
    AnswerExistsError,
    Batch,
    Content,
    LogBrokenError,
    LogHaltedError,
    PrintedTwiceError,
    RecordOutline,
    Snapshot,
    StalePositionError,
)
from service.log.identity import LogIdentity

Printed = tuple[FirmId, Mode, DocumentType, str]


class MemoryLog:
    """An EventLog without a store behind it; it refuses what `log.append` refuses."""

    def __init__(self, log_id: LogId = DEFAULT_LOG) -> None:
        self._log_id = log_id
        self._records: list[StoredRecord] = []
        self._versions: dict[SeriesId, int] = {}
        self._next: dict[SeriesId, int] = {}
        self._types: dict[SeriesId, DocumentType] = {}
        self._printed: set[Printed] = set()
        self._consumed: dict[tuple[SeriesId, Number], StoredRecord] = {}
        self._documents: dict[DocumentId, list[StoredRecord]] = {}
        self._contents: dict[Digest, Content] = {}
        self._answers: dict[bytes, Answer] = {}
        self._snapshots: dict[str, Snapshot] = {}
        self._halted_because: str | None = None
        self._lock = asyncio.Lock()

    @property
    def log_id(self) -> LogId:
        """Which log this is."""
        return self._log_id

    async def identity(self) -> LogIdentity:
        """See EventLog.identity; all logs in memory are of one installation, and live nowhere."""
        return LogIdentity(
            installation="memory", lineage="memory", given_up=frozenset(), home=None, system=None, timeline=None
        )

    @property
    def length(self) -> Position:
        """The head, without waiting."""
        return Position(len(self._records))

    async def append(self, expected: Position, batch: Batch) -> None:
        """See EventLog.append; what it keeps is as durable as the process."""
        async with self._lock:
            self._append(expected, batch)

    @asynccontextmanager
    async def hold(self, after: Position | None = None) -> AsyncGenerator["_HeldMemoryLog"]:
        """See EventLog.hold; reading costs nothing here."""
        del after
        async with self._lock:
            self._refuse_if_halted()
            held = _HeldMemoryLog(self)
            yield held
            if held.pending is not None:
                self._append(*held.pending)

    async def head(self) -> Position:
        """See EventLog.head."""
        return self.length

    async def halted(self) -> str | None:
        """See EventLog.halted."""
        return self._halted_because

    async def halt(self, because: str) -> None:
        """See EventLog.halt."""
        async with self._lock:
            self._halted_because = because

    async def barrier(self, reader: str) -> Position:
        """See EventLog.barrier; the reader's name has no use here."""
        del reader
        return await self.head()

    async def read(self, after: Position, limit: int) -> list[StoredRecord]:
        """See EventLog.read."""
        return self._records[after : after + limit]

    async def read_outlines(self, after: Position, limit: int) -> list[RecordOutline]:
        """See EventLog.read_outlines."""
        return [outline_of(stored) for stored in await self.read(after, limit)]

    async def record_at(self, position: Position) -> StoredRecord | None:
        """See EventLog.record_at."""
        return self._records[position - 1] if 1 <= position <= len(self._records) else None

    async def document(self, document_id: DocumentId) -> list[StoredRecord]:
        """See EventLog.document."""
        return list(self._documents.get(document_id, ()))

    async def consumption(self, series_id: SeriesId, number: Number) -> StoredRecord | None:
        """See EventLog.consumption."""
        return self._consumed.get((series_id, number))

    async def contents(self, digests: Sequence[Digest]) -> dict[Digest, Content]:
        """See EventLog.contents."""
        return {digest: self._contents[digest] for digest in digests if digest in self._contents}

    async def lost_contents(self, digests: Sequence[Digest]) -> set[Digest]:
        """See EventLog.lost_contents; nothing is restored here."""
        del digests
        return set()

    async def answer(self, key: bytes) -> Answer | None:
        """See EventLog.answer."""
        return self._answers.get(key)

    async def snapshot(self, release: str) -> Snapshot | None:
        """See EventLog.snapshot."""
        return self._snapshots.get(release)

    async def keep_snapshot(self, release: str, snapshot: Snapshot) -> None:
        """See EventLog.keep_snapshot."""
        kept = self._snapshots.get(release)
        if kept is None or kept.position < snapshot.position:
            self._snapshots = {release: snapshot}

    def check(self, expected: Position, batch: Batch) -> None:
        """Raise what `append` would raise; change nothing."""
        self._refuse_if_halted()
        if expected != len(self._records):
            raise StalePositionError(Position(len(self._records)))
        keys = [answer.key for answer in batch.answers]
        if len(set(keys)) < len(keys) or any(key in self._answers for key in keys):
            raise AnswerExistsError("a key of this batch has an answer")
        versions, following = dict[SeriesId, int](), dict[SeriesId, int]()
        taken = set[object]()
        for offset, stored in enumerate(batch.records, start=1):
            record = stored.record
            version = versions.get(record.stream, self._versions.get(record.stream, 0)) + 1
            if (record.log, record.position, record.version) != (self._log_id, expected + offset, version):
                raise LogBrokenError(f"position {record.position} does not continue the log or its stream")
            versions[record.stream] = version
            self._check_numbers(record, following, taken)
            self._check_reservation(record, expected, batch.records)
        self._check_printed([stored.record for stored in batch.records])
        for content in batch.contents:
            if sha256(content.salt + content.body).hexdigest() != content.digest:
                raise LogBrokenError("a content does not match its digest")
            if content.digest in self._contents:
                raise LogBrokenError("a content is there already")

    def _check_numbers(self, record: Record, following: dict[SeriesId, int], taken: set[object]) -> None:
        """The chain of ranges of `log.allocation`, and one document a number; `taken` is this batch's own."""
        event, stream = record.event, record.stream
        if isinstance(event, SeriesOpened):
            if stream in following or stream in self._next or not 1 <= event.start_number <= NUMBER_MAX:
                raise LogBrokenError(f"{stream} cannot start at {event.start_number}")
            following[stream] = event.start_number
        elif isinstance(event, NumbersReserved | NumbersLost):
            if event.last > NUMBER_MAX:
                raise LogBrokenError(f"{event.last} is not exact in JSON")
            if event.first != following.get(stream, self._next.get(stream)) or event.last < event.first:
                raise LogBrokenError(f"{event.first} does not continue the numbers of {stream}")
            following[stream] = event.last + 1
        elif isinstance(event, ReservationConsumed):
            key = (stream, event.number)
            if key in self._consumed or event.document_id in self._documents or taken & {key, event.document_id}:
                raise LogBrokenError(f"number {event.number} or its document is taken")
            taken.update((key, event.document_id))

    def _check_reservation(self, record: Record, expected: Position, records: Sequence[StoredRecord]) -> None:
        """What ends is in the block that was reserved there, in the log or in this batch."""
        event = record.event
        match event:
            case ReservationConsumed() | ReservationReleased():
                ended: tuple[NumberRange, ...] = (NumberRange(event.number, event.number),)
            case ReservationExpired():
                ended = event.ranges
            case _:
                return
        place = event.reservation
        if not ended or not 1 <= place < record.position:
            raise LogBrokenError(f"nothing ends that was reserved at {place}")
        block = (self._records[place - 1] if place <= expected else records[place - expected - 1]).record
        reserved = block.event
        if not isinstance(reserved, NumbersReserved) or block.stream != record.stream:
            raise LogBrokenError(f"no block was reserved at {place}")
        if any(not reserved.first <= item.first <= item.last <= reserved.last for item in ended):
            raise LogBrokenError(f"the block at {place} does not hold what ends")

    def _check_printed(self, records: Sequence[Record]) -> None:
        """The constraint `printed_once` of `log.printed`."""
        opened = {each.stream: each.event.document_type for each in records if isinstance(each.event, SeriesOpened)}
        printed = set[Printed]()
        for record in records:
            if isinstance(record.event, ReservationConsumed):
                document_type = opened.get(record.stream) or self._types[record.stream]
                shown = (record.firm_id, record.mode, document_type, record.event.full_number)
                if shown in self._printed or shown in printed:
                    raise PrintedTwiceError("a document would show the full number of another one")
                printed.add(shown)

    def _append(self, expected: Position, batch: Batch) -> None:
        self.check(expected, batch)
        for stored in batch.records:
            self._write(stored)
        self._contents.update((content.digest, content) for content in batch.contents)
        for stored in batch.records:
            if isinstance(stored.record.event, DocumentErased | DraftErased):
                self._erase(stored.record.event.document_id, stored.record.position)
        self._answers.update((answer.key, answer) for answer in batch.answers)

    def _write(self, stored: StoredRecord) -> None:
        event, stream = stored.record.event, stored.record.stream
        self._records.append(stored)
        self._versions[stream] = stored.record.version
        document_id: DocumentId | None = getattr(event, "document_id", None)
        if document_id is not None:
            self._documents.setdefault(document_id, []).append(stored)
        if isinstance(event, SeriesOpened):
            self._next[stream] = event.start_number
            self._types[stream] = event.document_type
        elif isinstance(event, NumbersReserved | NumbersLost):
            self._next[stream] = event.last + 1
        elif isinstance(event, ReservationConsumed):
            self._consumed[stream, event.number] = stored
            record = stored.record
            self._printed.add((record.firm_id, record.mode, self._types[stream], event.full_number))

    def _erase(self, document_id: DocumentId, position: Position) -> None:
        """Forget what the document said before this position, as log.erase_contents does."""
        for stored in self._documents[document_id]:
            event = stored.record.event
            if stored.record.position < position:
                self._contents.pop(getattr(event, "content", None) or Digest(""), None)
                if isinstance(event, DocumentErased | DraftErased):
                    self._contents.pop(event.reason or Digest(""), None)

    def _refuse_if_halted(self) -> None:
        if self._halted_because is not None:
            raise LogHaltedError(self._halted_because)


def outline_of(stored: StoredRecord) -> RecordOutline:
    """The record as the relay sees it."""
    record = stored.record
    return RecordOutline(
        log=record.log,
        position=record.position,
        stream=record.stream,
        tag=event_tag(record.event),
        firm_id=record.firm_id,
        mode=record.mode,
        at=record.at,
        canonical=stored.canonical,
    )


class _HeldMemoryLog:
    """A log whose lock is held; what is appended is written when the hold is left."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log
        self.head = log.length
        self.pending: tuple[Position, Batch] | None = None

    async def read(self, after: Position, limit: int) -> list[StoredRecord]:
        """See HeldLog.read."""
        return await self._log.read(after, limit)

    async def append(self, expected: Position, batch: Batch) -> None:
        """See HeldLog.append."""
        assert self.pending is None, "one append a hold"
        self._log.check(expected, batch)
        self.pending = (expected, batch)
