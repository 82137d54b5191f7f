"""The accounting equation: what each event does to its terms."""

from typing import assert_never

from schemas.events import (
    DocumentChanged,
    DocumentErased,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftEvent,
    Event,
    NumbersLost,
    NumbersReserved,
    NumberWithdrawn,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesEvent,
)
from schemas.values import Fate


def taken_by(event: Event) -> int:
    """How many numbers the event takes from the counter."""
    return event.last - event.first + 1 if isinstance(event, NumbersReserved | NumbersLost) else 0


def moved_by(event: Event) -> tuple[Fate | None, Fate | None, int]:
    """The fate that numbers leave, the fate that they get, and how many they are.

    The first is None for numbers that were not taken before; both are None if the event moves no number.
    """
    match event:
        case NumbersReserved():
            return None, Fate.PENDING, taken_by(event)
        case NumbersLost():
            return None, Fate.LOST, taken_by(event)
        case ReservationConsumed():
            return Fate.PENDING, Fate.STANDING, 1
        case ReservationReleased():
            return Fate.PENDING, Fate.RELEASED, 1
        case ReservationExpired(ranges=ranges):
            return Fate.PENDING, Fate.EXPIRED, sum(len(numbers) for numbers in ranges)
        case DocumentVoided():
            return Fate.STANDING, Fate.VOIDED, 1
        case DocumentUnvoided():
            return Fate.VOIDED, Fate.STANDING, 1
        case NumberWithdrawn():
            return Fate.VOIDED, Fate.WITHDRAWN, 1
        case DocumentChanged() | DocumentReversed() | DocumentErased() | SeriesEvent() | DraftEvent():
            return None, None, 0
        case _:
            assert_never(event)
