"""Random histories the log would accept, made without the service: what projections are fed in these tests."""

from random import Random
from typing import Self

from msgspec import Struct

from schemas.events import (
    DocumentUnvoided,
    DocumentVoided,
    Event,
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
    UnixSeconds,
    Version,
)

START = UnixSeconds(1_790_000_000)
HOLD_SECONDS = 2_592_000
DEVICES = [DeviceId(f"till-{number}") for number in range(3)]
TILL = Actor(ActorKind.SESSION, "17")
SWEEPER = Actor(ActorKind.SYSTEM, "sweeper")


class _Series(Struct):
    series_id: SeriesId
    next: Number
    version: Version
    previous: Position
    blocks: dict[Position, list[Number]]
    standing: dict[Number, DocumentId]
    voided: dict[Number, DocumentId]


class History:
    """Makes records one after the other; `records` are all of them."""

    def __init__(self, random: Random, position: Position | None = None, prefix: str = "S") -> None:
        self.random = random
        self.records: list[Record] = []
        self.series: list[_Series] = []
        self._position = position or Position(0)
        self._at = START
        self._prefix = prefix

    @classmethod
    def of_seed(cls, seed: int) -> Self:
        """A history that is the same for the same seed."""
        return cls(Random(seed))  # noqa: S311 - a test that can be repeated, not a secret

    def grow(self, steps: int, *, series_max: int = 3) -> list[Record]:
        """Take so many steps and return what they added."""
        before = len(self.records)
        for _ in range(steps):
            if not self.series or (len(self.series) < series_max and self.random.random() < 0.1):
                self.open()
            else:
                self._step(self.random.choice(self.series))
        return self.records[before:]

    def open(self, start_number: int | None = None) -> SeriesId:
        """Open a series."""
        series_id = SeriesId(f"{self._prefix}{len(self.series)}")
        start = Number(start_number or self.random.choice([1, 1, 100]))
        series = _Series(series_id, start, Version(0), Position(0), {}, {}, {})
        self.series.append(series)
        opened = SeriesOpened(series_id, DocumentType.FISCAL, None, "{number}", start, 2026, is_primary=True)
        self.add(series, opened)
        return series_id

    def reserve(self, series: _Series, count: int, device_id: DeviceId | None) -> Position:
        """Take numbers for a device."""
        first, last = series.next, Number(series.next + count - 1)
        key = "k1" if device_id else None
        expires_at = UnixSeconds(self._at + HOLD_SECONDS)
        position = self.add(series, NumbersReserved(first, last, device_id, expires_at, key), device_id)
        series.blocks[position] = [Number(number) for number in range(first, last + 1)]
        series.next = Number(last + 1)
        return position

    def consume(self, series: _Series, reservation: Position, number: Number) -> None:
        """Put a number on a document."""
        document_id = DocumentId(f"inv_{series.series_id}_{number}")
        self._settle(series, reservation, [number])
        series.standing[number] = document_id
        content = Digest(f"{number:064x}")
        day = IsoDate("2026-11-21")
        self.add(series, ReservationConsumed(reservation, number, f"S-{number}", document_id, day, content))

    def release(self, series: _Series, reservation: Position, number: Number) -> None:
        """Give a number up."""
        self._settle(series, reservation, [number])
        self.add(series, ReservationReleased(reservation, number))

    def expire(self, series: _Series, reservation: Position) -> None:
        """Let what is left of a block expire."""
        numbers = list(series.blocks[reservation])
        self._settle(series, reservation, numbers)
        self.add(series, ReservationExpired(reservation, _ranges(numbers)), actor=SWEEPER)

    def void(self, series: _Series, number: Number) -> None:
        """Void a document."""
        document_id = series.standing.pop(number)
        series.voided[number] = document_id
        self.add(series, DocumentVoided(number, f"S-{number}", document_id, None))

    def unvoid(self, series: _Series, number: Number) -> None:
        """Bring a document back."""
        document_id = series.voided.pop(number)
        series.standing[number] = document_id
        self.add(series, DocumentUnvoided(number, f"S-{number}", document_id))

    def withdraw(self, series: _Series, number: Number) -> None:
        """Delete a voided document."""
        document_id = series.voided.pop(number)
        self.add(series, NumberWithdrawn(number, f"S-{number}", document_id, IsoDate("2026-11-21")))

    def add(self, series: _Series, event: Event, device_id: DeviceId | None = None, actor: Actor = TILL) -> Position:
        """Write an event and return its position."""
        self._position = Position(self._position + 1)
        self._at = UnixSeconds(self._at + self.random.randrange(3))
        series.version = Version(series.version + 1)
        record = Record(
            log=DEFAULT_LOG,
            position=self._position,
            stream=series.series_id,
            series_name=series.series_id,
            version=series.version,
            previous=series.previous,
            firm_id=FirmId("firm-1"),
            mode=Mode.LIVE,
            at=self._at,
            actor=actor,
            device_id=device_id,
            command_id=CommandId(f"c{self._position}"),
            idempotency_key=None,
            event=event,
        )
        series.previous = record.position
        self.records.append(record)
        return record.position

    def _settle(self, series: _Series, reservation: Position, numbers: list[Number]) -> None:
        left = [number for number in series.blocks[reservation] if number not in numbers]
        if left:
            series.blocks[reservation] = left
        else:
            del series.blocks[reservation]

    def _step(self, series: _Series) -> None:
        choice = self.random.randrange(12)
        if choice < 2:
            self.reserve(series, self.random.choice([1, 2, 10]), self.random.choice(DEVICES))
        elif choice < 4:
            reservation = self.reserve(series, 1, None)
            self.consume(series, reservation, series.blocks[reservation][0])
        elif choice < 8 and series.blocks:
            self._end_one(series, choice)
        elif choice == 8 and series.standing:
            self.void(series, self.random.choice(list(series.standing)))
        elif choice == 9 and series.voided:
            change = self.random.choice([self.unvoid, self.withdraw])
            change(series, self.random.choice(list(series.voided)))
        elif choice == 10:
            self.add(series, SeriesDescribed("described"))
        else:
            self.add(series, SeriesLocked(DEVICES[0], 17, None, None), DEVICES[0])
            self.add(series, SeriesUnlocked(DEVICES[0], is_forced=False))

    def _end_one(self, series: _Series, choice: int) -> None:
        reservation = self.random.choice(list(series.blocks))
        number = self.random.choice(series.blocks[reservation])
        if choice < 6:
            self.consume(series, reservation, number)
        elif choice == 6:
            self.release(series, reservation, number)
        else:
            self.expire(series, reservation)


def _ranges(numbers: list[Number]) -> tuple[NumberRange, ...]:
    ranges: list[NumberRange] = []
    for number in sorted(numbers):
        if ranges and ranges[-1].last + 1 == number:
            ranges[-1] = NumberRange(ranges[-1].first, number)
        else:
            ranges.append(NumberRange(number, number))
    return tuple(ranges)
