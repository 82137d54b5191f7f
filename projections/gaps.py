"""The gaps: numbers no document carries, why, and by whose doing. Rows are added, never changed."""

from collections.abc import Sequence
from typing import Final, assert_never

from projections.projection import Projection, Write, actor_text, write_rows
from projections.statements import statement
from schemas.events import (
    DocumentChanged,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftDeleted,
    DraftSaved,
    DraftVoided,
    NumbersReserved,
    NumberWithdrawn,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesDescribed,
    SeriesLocked,
    SeriesMadePrimary,
    SeriesOpened,
    SeriesUnlocked,
)
from schemas.record import Record
from schemas.values import Fate, NumberRange, Position


def collapse(records: Sequence[Record]) -> list[Write]:
    """What these records write: a row a gap; the facts of the reservation are read from the log."""
    rows = [
        (r.stream, numbers.first, numbers.last, fate, r.at, actor_text(r.actor), reservation, r.position)
        for r in records
        for numbers, fate, reservation in gaps_of(r)
    ]
    return write_rows(statement("gaps_gap_add"), rows, records[0].log)


def gaps_of(record: Record) -> list[tuple[NumberRange, Fate, Position | None]]:
    """The numbers that become gaps by this record, why, and where they were reserved if the event says so."""
    match record.event:
        case ReservationReleased(reservation=reservation, number=number):
            return [(NumberRange(number, number), Fate.RELEASED, reservation)]
        case ReservationExpired(reservation=reservation, ranges=ranges):
            return [(numbers, Fate.EXPIRED, reservation) for numbers in ranges]
        case NumberWithdrawn(number=number):
            return [(NumberRange(number, number), Fate.WITHDRAWN, None)]
        case NumbersReserved() | ReservationConsumed() | DocumentVoided() | DocumentUnvoided():
            return []
        case DocumentChanged() | DocumentReversed() | DraftSaved() | DraftVoided() | DraftDeleted():
            return []
        case SeriesOpened() | SeriesDescribed() | SeriesMadePrimary() | SeriesLocked() | SeriesUnlocked():
            return []
        case _:
            assert_never(record.event)


GAPS: Final = Projection(
    name="gaps",
    version=1,
    tables=(statement("gaps_gap_table"),),
    digests=(statement("gaps_gap_rows"),),
    collapse=collapse,
)
