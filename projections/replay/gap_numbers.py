"""Which events make gaps, and of which numbers."""

from typing import assert_never

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
from schemas.values import Fate, NumberRange, Position


def gaps_of(record: Record) -> list[tuple[NumberRange, Fate, Position | None]]:
    """The numbers that this record makes gaps, the reason, and the position of the reservation if the event says it."""
    match record.event:
        case ReservationReleased(reservation=reservation, number=number):
            return [(NumberRange(number, number), Fate.RELEASED, reservation)]
        case ReservationExpired(reservation=reservation, ranges=ranges):
            return [(numbers, Fate.EXPIRED, reservation) for numbers in ranges]
        case NumbersLost(first=first, last=last):
            return [(NumberRange(first, last), Fate.LOST, record.position)]
        case NumberWithdrawn(number=number):
            return [(NumberRange(number, number), Fate.WITHDRAWN, None)]
        case NumbersReserved() | ReservationConsumed() | DocumentVoided() | DocumentUnvoided():
            return []
        case DocumentChanged() | DocumentReversed() | DocumentErased() | SeriesEvent() | DraftEvent():
            return []
        case _:
            assert_never(record.event)
