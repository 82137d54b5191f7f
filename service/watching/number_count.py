"""Counts what becomes of numbers, from the events that this process wrote."""

from collections.abc import Sequence
from typing import assert_never

from prometheus_client import Counter

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
from schemas.record import StoredRecord
from schemas.values import Fate


class NumberCount:
    """The counter of numbers, with every fate at zero from the start."""

    def __init__(self, numbers: Counter) -> None:
        self._counters = {fate: numbers.labels(fate.value) for fate in Fate}

    def add(self, records: Sequence[StoredRecord]) -> None:
        """Count the numbers in records that are durable."""
        for stored in records:
            found = fate_of(stored.record.event)
            if found is not None:
                fate, numbers = found
                self._counters[fate].inc(numbers)


def fate_of(event: Event) -> tuple[Fate, int] | None:
    """The fate into which the event puts numbers, and how many; None if it puts none into another."""
    match event:
        case ReservationConsumed() | DocumentUnvoided():
            return Fate.STANDING, 1
        case NumbersReserved():
            return Fate.PENDING, event.last - event.first + 1
        case DocumentVoided():
            return Fate.VOIDED, 1
        case ReservationReleased():
            return Fate.RELEASED, 1
        case ReservationExpired():
            return Fate.EXPIRED, sum(len(each) for each in event.ranges)
        case NumberWithdrawn():
            return Fate.WITHDRAWN, 1
        case NumbersLost():
            return Fate.LOST, event.last - event.first + 1
        case DocumentChanged() | DocumentReversed() | DocumentErased() | SeriesEvent() | DraftEvent():
            return None
        case _:
            assert_never(event)
