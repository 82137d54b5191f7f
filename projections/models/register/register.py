"""The register: what became of every number, as ranges.

A number of a block that no ending covers is pending; this is computed when the register is read.
"""

from collections.abc import Sequence
from typing import Final, assert_never

from msgspec import Struct

from projections.models.projection import Addition, Found, Projection, Write, add_rows, write_rows, write_some
from projections.statements import statement
from schemas.events import (
    DocumentChanged,
    DocumentErased,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftEvent,
    NumbersLost,
    NumbersReserved,
    NumberWithdrawn,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesEvent,
)
from schemas.record import Record
from schemas.values import DeviceId, DocumentId, Fate, IsoDate, Number, NumberRange, Position, SeriesId, UnixSeconds

_COLUMNS: Final = (
    "series_id", "first", "last", "fate", "device_id", "reserved_at", "ended_at", "document_id", "reserved_position",
    "ended_position", "full_number", "date",
)  # fmt: skip
"""The columns of `ending`, in the order of `_Ending.row`."""


class _Block(Struct, gc=False):
    series_id: SeriesId
    numbers: NumberRange
    pending: int
    device_id: DeviceId | None
    reserved_at: UnixSeconds
    expires_at: UnixSeconds
    position: Position

    def row(self) -> tuple[object, ...]:
        return (
            self.series_id,
            self.numbers.first,
            self.numbers.last,
            self.pending,
            self.device_id,
            self.reserved_at,
            self.expires_at,
            self.position,
        )


class _Ending(Struct, gc=False):
    """`block` is None if the numbers were reserved before this batch."""

    numbers: NumberRange
    reservation: Position
    block: _Block | None
    document_id: DocumentId | None
    fate: Fate
    at: UnixSeconds
    position: Position
    full_number: str | None = None
    date: IsoDate | None = None

    def row(self, series_id: SeriesId) -> tuple[object, ...]:
        return (
            series_id,
            self.numbers.first,
            self.numbers.last,
            self.fate,
            self.block and self.block.device_id,
            self.block and self.block.reserved_at,
            self.at,
            self.document_id,
            self.reservation,
            self.position,
            self.full_number,
            self.date,
        )


class _Batch:
    """The changes of a batch; a block that begins and settles in the same batch leaves only endings."""

    def __init__(self) -> None:
        self.blocks: dict[tuple[SeriesId, Position], _Block] = {}
        self.endings: dict[tuple[SeriesId, Number], _Ending] = {}
        self.changes: dict[tuple[SeriesId, Number], tuple[Fate, UnixSeconds, Position]] = {}
        self.settled: dict[tuple[SeriesId, Position], int] = {}
        self.dates: dict[tuple[SeriesId, Number], IsoDate] = {}

    def apply(self, record: Record) -> None:
        match record.event:
            case ReservationConsumed(reservation=reservation, number=number) as event:
                self._end(record, reservation, NumberRange(number, number), Fate.STANDING, event)
            case NumbersReserved() as event:
                self._reserve(record, event)
            case ReservationReleased(reservation=reservation, number=number):
                self._end(record, reservation, NumberRange(number, number), Fate.RELEASED)
            case ReservationExpired(reservation=reservation, ranges=ranges):
                for numbers in ranges:
                    self._end(record, reservation, numbers, Fate.EXPIRED)
            case NumbersLost(first=first, last=last):
                self._lose(record, NumberRange(first, last))
            case DocumentVoided(number=number):
                self._change(record, number, Fate.VOIDED)
            case DocumentUnvoided(number=number):
                self._change(record, number, Fate.STANDING)
            case NumberWithdrawn(number=number):
                self._change(record, number, Fate.WITHDRAWN)
            case DocumentChanged(number=number, date=date):
                self._date(record, number, date)
            case DocumentReversed() | DocumentErased() | SeriesEvent() | DraftEvent():
                pass
            case _:
                assert_never(record.event)

    def _reserve(self, record: Record, event: NumbersReserved) -> None:
        numbers = NumberRange(event.first, event.last)
        self.blocks[record.stream, record.position] = _Block(
            record.stream, numbers, len(numbers), event.device_id, record.at, event.expires_at, record.position
        )

    def _end(
        self,
        record: Record,
        reservation: Position,
        numbers: NumberRange,
        fate: Fate,
        document: ReservationConsumed | None = None,
    ) -> None:
        key = (record.stream, reservation)
        block = self.blocks.get(key)
        if block is None:
            self.settled[key] = self.settled.get(key, 0) + len(numbers)
        else:
            block.pending -= len(numbers)
        ending = _Ending(numbers, reservation, block, None, fate, record.at, record.position)
        if document is not None:
            ending.document_id, ending.full_number = document.document_id, document.full_number
            ending.date = document.date
        self.endings[record.stream, numbers.last] = ending

    def _lose(self, record: Record, numbers: NumberRange) -> None:
        """Lost numbers were never in a block that the log still has: the event that steps over them is both ends."""
        at, position = record.at, record.position
        taken = _Block(record.stream, numbers, 0, None, at, at, position)
        self.endings[record.stream, numbers.last] = _Ending(numbers, position, taken, None, Fate.LOST, at, position)

    def _change(self, record: Record, number: Number, fate: Fate) -> None:
        ending = self.endings.get((record.stream, number))
        if ending is None:
            self.changes[record.stream, number] = (fate, record.at, record.position)
        else:
            ending.fate, ending.at, ending.position = fate, record.at, record.position

    def _date(self, record: Record, number: Number, date: IsoDate) -> None:
        ending = self.endings.get((record.stream, number))
        if ending is None:
            self.dates[record.stream, number] = date
        else:
            ending.date = date

    def disordered(self) -> set[tuple[SeriesId, Number]]:
        """The numbers around which the order of dates must be looked at.

        A new document between two new ones, all in order, needs no look: so of a busy series few numbers are left.
        """
        found = {*self.changes, *self.dates}
        for (series_id, number), ending in self.endings.items():
            if ending.fate is Fate.STANDING:
                before = self.endings.get((series_id, Number(number - 1)))
                after = self.endings.get((series_id, Number(number + 1)))
                if not (_in_order(before, ending) and _in_order(ending, after)):
                    found.add((series_id, number))
        return found


def _in_order(lower: _Ending | None, higher: _Ending | None) -> bool:
    """Whether both are new documents that stand, the higher one not dated before the lower one."""
    if lower is None or higher is None or lower.date is None or higher.date is None:
        return False
    return lower.fate is higher.fate is Fate.STANDING and lower.date <= higher.date


def collapse(records: Sequence[Record], _found: Found) -> list[Write | Addition]:
    """The writes of these records: new blocks, new endings, changed endings, and blocks with fewer pending numbers."""
    batch = _Batch()
    for record in records:
        batch.apply(record)
    endings = [(ending.block, ending.row(series)) for (series, _), ending in batch.endings.items()]
    settled = [(*key, count) for key, count in batch.settled.items()]
    return [
        *write_rows(statement("block_add"), (b.row() for b in batch.blocks.values() if b.pending)),
        *add_rows("ending", _COLUMNS, [row for block, row in endings if block]),
        *write_rows(statement("ending_add"), [row[:4] + row[6:] for block, row in endings if not block]),
        *write_rows(statement("ending_change"), ((*key, *change) for key, change in batch.changes.items())),
        *write_rows(statement("ending_date"), ((*key, date) for key, date in batch.dates.items())),
        *write_some(statement("ending_order"), sorted(batch.disordered())),
        *write_rows(statement("block_settle"), settled),
        *write_some(statement("block_drop"), batch.settled),
    ]


REGISTER: Final = Projection(
    name="register",
    version=4,
    tables=(
        statement("block_table"),
        statement("ending_table"),
        statement("ending_inverted"),
    ),
    indexes=(statement("ending_of_fate"),),
    digests=(statement("block_rows"), statement("ending_rows")),
    collapse=collapse,
)
