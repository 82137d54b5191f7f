"""The fate of each number, from its events alone (service/evidence/README.md section 8)."""

from collections.abc import Iterable
from typing import Final, assert_never

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
from schemas.values import Fate, Number, NumberRange

GAP_FATES: Final = frozenset({Fate.RELEASED, Fate.EXPIRED, Fate.WITHDRAWN, Fate.LOST})
"""What makes a number a gap: no standing or voided document carries it."""


def fates_of(events: Iterable[Event], numbers: NumberRange) -> dict[Number, Fate]:
    """What became of each number that the events take, in the order of the numbers."""
    fates: dict[Number, Fate] = {}
    for event in events:
        moved, to = _moved(event)
        if to is not None:
            for each in moved:
                first, last = max(each.first, numbers.first), min(each.last, numbers.last)
                fates.update(dict.fromkeys(map(Number, range(first, last + 1)), to))
    return dict(sorted(fates.items()))


def runs_of(fates: dict[Number, Fate]) -> list[tuple[NumberRange, Fate]]:
    """Numbers beside each other with one fate, in order."""
    runs: list[tuple[NumberRange, Fate]] = []
    for number, fate in fates.items():
        if runs and runs[-1][1] is fate and runs[-1][0].last + 1 == number:
            runs[-1] = (NumberRange(runs[-1][0].first, number), fate)
        else:
            runs.append((NumberRange(number, number), fate))
    return runs


def _moved(event: Event) -> tuple[tuple[NumberRange, ...], Fate | None]:
    """The numbers that the event moves, and the fate that they get."""
    match event:
        case NumbersReserved():
            return (NumberRange(event.first, event.last),), Fate.PENDING
        case NumbersLost():
            return (NumberRange(event.first, event.last),), Fate.LOST
        case ReservationExpired(ranges=ranges):
            return ranges, Fate.EXPIRED
        case ReservationConsumed(number=number) | DocumentUnvoided(number=number):
            return (NumberRange(number, number),), Fate.STANDING
        case ReservationReleased(number=number):
            return (NumberRange(number, number),), Fate.RELEASED
        case DocumentVoided(number=number):
            return (NumberRange(number, number),), Fate.VOIDED
        case NumberWithdrawn(number=number):
            return (NumberRange(number, number),), Fate.WITHDRAWN
        case DocumentChanged() | DocumentReversed() | DocumentErased() | SeriesEvent() | DraftEvent():
            return (), None
        case _:
            assert_never(event)
