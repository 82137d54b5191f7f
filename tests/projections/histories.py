"""Random histories that the log accepts, made without the service; these tests feed them to projections."""

from random import Random
from typing import Self

from msgspec import Struct

from schemas.events import (
    DocumentChanged,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftDeleted,
    DraftSaved,
    DraftVoided,
    Event,
    NumbersLost,
    NumbersReserved,
    NumberWithdrawn,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesDescribed,
    SeriesLocked,
    SeriesOpened,
    SeriesUnlocked,
)
from schemas.record import Record
from schemas.values import (
    DEFAULT_LOG,
    Actor,
    ActorKind,
    CommandId,
    DeviceId,
    Digest,
    DocumentId,
    DocumentType,
    FirmId,
    IsoDate,
    Mode,
    Number,
    NumberRange,
    Position,
    SeriesId,
    TokenNonce,
    UnixSeconds,
    Version,
)
from tests.projections.bodies import Body, body_of

DAYS = [IsoDate(f"2026-11-{day:02d}") for day in range(1, 29)]
START = UnixSeconds(1_790_000_000)
HOLD_SECONDS = 2_592_000
DEVICES = [DeviceId(f"till-{number}") for number in range(3)]
TILL = Actor(ActorKind.SESSION, "17")
OPERATOR = Actor(ActorKind.SYSTEM, "operator")
SWEEPER = Actor(ActorKind.SYSTEM, "sweeper")
Documents = dict[Number, tuple[DocumentId, IsoDate]]


class _Stream(Struct):
    """A series, or a draft, which has no name."""

    stream: SeriesId
    name: str | None
    version: Version = Version(0)
    previous: Position = Position(0)


class _Series(Struct):
    series_id: SeriesId
    stream: _Stream
    document_type: DocumentType
    next: Number
    blocks: dict[Position, list[Number]] = {}
    standing: Documents = {}
    voided: Documents = {}
    reversals: dict[Number, Number] = {}

    def shown(self, number: Number) -> str:
        """The number as its document shows it; no other series shows it so."""
        return f"{self.series_id}-{number}"

    def is_reversible(self, number: Number) -> bool:
        """Whether this standing document is no reversal and has no standing reversal."""
        return number not in self.reversals and not any(
            source == number and reversal in self.standing for reversal, source in self.reversals.items()
        )


class History:
    """Makes records one after the other; `records` are all of them, `bodies` the contents of their documents."""

    def __init__(self, random: Random, position: Position | None = None, prefix: str = "S") -> None:
        self.random = random
        self.records: list[Record] = []
        self.bodies: dict[Digest, Body] = {}
        self.series: list[_Series] = []
        self.drafts: dict[DocumentId, _Stream] = {}
        self.voided_drafts: dict[DocumentId, _Stream] = {}
        self._drafts_made = 0
        self._position = position or Position(0)
        # Never before the last event of the log: each event of a history is at most 2 seconds after the one before.
        self._at = UnixSeconds(START + 2 * self._position)
        self.prefix = prefix
        self.firm_id = FirmId(f"firm-{prefix}")

    @classmethod
    def of_seed(cls, seed: int) -> Self:
        """A history that is the same for the same seed."""
        return cls(Random(seed))  # noqa: S311 - a test that can be repeated, not a secret

    def grow(self, steps: int, *, series_max: int = 3) -> list[Record]:
        """Take this number of steps and return the records that they added."""
        before = len(self.records)
        for _ in range(steps):
            if not self.series or (len(self.series) < series_max and self.random.random() < 0.1):
                self.open()
            else:
                self._step(self.random.choice(self.series))
        return self.records[before:]

    def open(self, start_number: int | None = None) -> SeriesId:
        """Open a series."""
        series_id = SeriesId(f"{self.prefix}{len(self.series)}")
        start = Number(start_number or self.random.choice([1, 1, 100]))
        document_type = DocumentType.FISCAL if len(self.series) % 3 < 2 else DocumentType.PROFORMA
        series = _Series(series_id, _Stream(series_id, series_id), document_type, start)
        self.series.append(series)
        self.add(series.stream, SeriesOpened(series_id, document_type, None, "{number}", start, 2026, is_primary=True))
        return series_id

    def reserve(self, series: _Series, count: int, device_id: DeviceId | None) -> Position:
        """Take numbers for a device."""
        first, last = series.next, Number(series.next + count - 1)
        key, nonce = ("k1", TokenNonce(self._position)) if device_id else (None, None)
        expires_at = UnixSeconds(self._at + HOLD_SECONDS)
        position = self.add(series.stream, NumbersReserved(first, last, device_id, expires_at, key, nonce), device_id)
        series.blocks[position] = [Number(number) for number in range(first, last + 1)]
        series.next = Number(last + 1)
        return position

    def consume(
        self, series: _Series, reservation: Position, number: Number, reverses: DocumentId | None = None
    ) -> DocumentId:
        """Put a number on a document."""
        document_id = DocumentId(f"inv_{series.series_id}_{number}")
        self._settle(series, reservation, [number])
        day = self.random.choice(DAYS)
        series.standing[number] = document_id, day
        content = self._write(day, series.series_id, series.document_type)
        consumed = ReservationConsumed(
            reservation, number, series.shown(number), document_id, day, content, reverses=reverses
        )
        self.add(series.stream, consumed)
        return document_id

    def release(self, series: _Series, reservation: Position, number: Number) -> None:
        """Give a number up."""
        self._settle(series, reservation, [number])
        self.add(series.stream, ReservationReleased(reservation, number))

    def expire(self, series: _Series, reservation: Position) -> None:
        """Let the pending numbers of a block expire."""
        numbers = list(series.blocks[reservation])
        self._settle(series, reservation, numbers)
        self.add(series.stream, ReservationExpired(reservation, _ranges(numbers)), actor=SWEEPER)

    def lose(self, series: _Series, count: int) -> None:
        """Step over numbers that the log lost."""
        first, last = series.next, Number(series.next + count - 1)
        self.add(series.stream, NumbersLost(first, last, f"loss of {count}"), actor=OPERATOR)
        series.next = Number(last + 1)

    def void(self, series: _Series, number: Number) -> None:
        """Void a document."""
        series.voided[number] = series.standing.pop(number)
        self.add(series.stream, DocumentVoided(number, series.shown(number), series.voided[number][0], None))

    def unvoid(self, series: _Series, number: Number) -> None:
        """Let a voided document count again; a reversal only if its source has no other standing one."""
        source = series.reversals.get(number)
        if source is None or series.is_reversible(source):
            series.standing[number] = series.voided.pop(number)
            self.add(series.stream, DocumentUnvoided(number, series.shown(number), series.standing[number][0]))

    def withdraw(self, series: _Series, number: Number) -> None:
        """Delete a voided document."""
        document_id, day = series.voided.pop(number)
        self.add(series.stream, NumberWithdrawn(number, series.shown(number), document_id, day))

    def change(self, series: _Series, number: Number) -> None:
        """Give a document another content, and perhaps another date."""
        document_id, before = series.standing[number]
        day = self.random.choice([before, self.random.choice(DAYS)])
        series.standing[number] = document_id, day
        content = self._write(day, series.series_id, series.document_type)
        self.add(series.stream, DocumentChanged(number, series.shown(number), document_id, before, day, content))

    def reverse(self, series: _Series, number: Number) -> None:
        """Issue the reversal of a document."""
        source, _ = series.standing[number]
        reversal = series.next
        series.reversals[reversal] = number
        reversal_id = self.consume(series, self.reserve(series, 1, None), reversal, source)
        reversed_by = DocumentReversed(
            number, series.shown(number), source, reversal, series.shown(reversal), reversal_id
        )
        self.add(series.stream, reversed_by)

    def save_draft(self, document_id: DocumentId | None = None) -> DocumentId:
        """Keep a draft, a new one if none is named."""
        if document_id is None:
            document_id = DocumentId(f"inv_{self.prefix}draft{self._drafts_made}")
            self._drafts_made += 1
            self.drafts[document_id] = _Stream(SeriesId(document_id), None)
        series_id = self.random.choice([None, *(series.series_id for series in self.series)])
        content = self._write(self.random.choice(DAYS), series_id, self.random.choice(list(DocumentType)))
        self.add(self.drafts[document_id], DraftSaved(document_id, content))
        return document_id

    def void_draft(self, document_id: DocumentId) -> None:
        """Void a draft."""
        self.voided_drafts[document_id] = self.drafts.pop(document_id)
        self.add(self.voided_drafts[document_id], DraftVoided(document_id, None))

    def delete_draft(self, document_id: DocumentId) -> None:
        """Delete a draft, voided or not."""
        stream = self.drafts.pop(document_id, None) or self.voided_drafts.pop(document_id)
        self.add(stream, DraftDeleted(document_id))

    def add(self, stream: _Stream, event: Event, device_id: DeviceId | None = None, actor: Actor = TILL) -> Position:
        """Write an event and return its position."""
        self._position = Position(self._position + 1)
        self._at = UnixSeconds(self._at + self.random.randrange(3))
        stream.version = Version(stream.version + 1)
        record = Record(
            log=DEFAULT_LOG,
            position=self._position,
            stream=stream.stream,
            series_name=stream.name,
            version=stream.version,
            previous=stream.previous,
            firm_id=self.firm_id,
            mode=Mode.LIVE,
            at=self._at,
            actor=actor,
            device_id=device_id,
            command_id=CommandId(f"c{self._position}"),
            idempotency_key=None,
            event=event,
        )
        stream.previous = record.position
        self.records.append(record)
        return record.position

    def _write(self, day: IsoDate, series_id: SeriesId | None, document_type: DocumentType) -> Digest:
        salt = self._position.to_bytes(16, "big")  # no two contents of a log are the same
        body = body_of(self.random, salt, day, series_id, document_type)
        self.bodies[body.digest] = body
        return body.digest

    def _settle(self, series: _Series, reservation: Position, numbers: list[Number]) -> None:
        left = [number for number in series.blocks[reservation] if number not in numbers]
        if left:
            series.blocks[reservation] = left
        else:
            del series.blocks[reservation]

    def _step(self, series: _Series) -> None:
        choice = self.random.randrange(18)
        if choice < 2:
            self.reserve(series, self.random.choice([1, 2, 10]), self.random.choice(DEVICES))
        elif choice < 4:
            reservation = self.reserve(series, 1, None)
            self.consume(series, reservation, series.blocks[reservation][0])
        elif choice < 8 and series.blocks:
            self._end_one(series, choice)
        elif choice < 13:
            self._step_document(series, choice)
        elif choice < 15:
            self._step_draft()
        elif choice == 17:
            self.lose(series, self.random.choice([1, 2, 20]))
        elif choice == 15:
            self.add(series.stream, SeriesDescribed("described"))
        else:
            self.add(series.stream, SeriesLocked(DEVICES[0], 17, None, None), DEVICES[0])
            self.add(series.stream, SeriesUnlocked(DEVICES[0], is_forced=False))

    def _step_document(self, series: _Series, choice: int) -> None:
        if choice == 8 and series.voided:
            change = self.random.choice([self.unvoid, self.withdraw])
            change(series, self.random.choice(list(series.voided)))
        elif series.standing:
            number = self.random.choice(list(series.standing))
            if choice < 10:
                self.void(series, number)
            elif series.is_reversible(number):
                self.random.choice([self.change, self.reverse])(series, number)

    def _step_draft(self) -> None:
        choice = self.random.randrange(6)
        drafts = list(self.drafts)
        if choice < 2 or not drafts:
            self.save_draft()
        elif choice < 4:
            self.save_draft(self.random.choice(drafts))
        elif choice == 4:
            self.void_draft(self.random.choice(drafts))
        else:
            self.delete_draft(self.random.choice([*drafts, *self.voided_drafts]))

    def _end_one(self, series: _Series, choice: int) -> None:
        reservation = self.random.choice(list(series.blocks))
        number = self.random.choice(series.blocks[reservation])
        if choice < 6:
            self.consume(series, reservation, number)
        elif choice == 6:
            self.release(series, reservation, number)
        else:
            self.expire(series, reservation)


def content_of(record: Record) -> Digest | None:
    """The digest of the content that a record gives to a document, if it gives one."""
    match record.event:
        case ReservationConsumed(content=content) | DocumentChanged(content=content) | DraftSaved(content=content):
            return content
        case _:
            return None


def _ranges(numbers: list[Number]) -> tuple[NumberRange, ...]:
    ranges: list[NumberRange] = []
    for number in sorted(numbers):
        if ranges and ranges[-1].last + 1 == number:
            ranges[-1] = NumberRange(ranges[-1].first, number)
        else:
            ranges.append(NumberRange(number, number))
    return tuple(ranges)
