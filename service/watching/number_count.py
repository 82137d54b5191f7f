"""Counts what becomes of numbers, from the events that this process wrote."""

from collections.abc import Sequence

from prometheus_client import Counter

from projections.replay.terms import moved_by
from schemas.record import StoredRecord
from schemas.values import Fate


class NumberCount:
    """The counter of numbers, with every fate at zero from the start."""

    def __init__(self, numbers: Counter) -> None:
        self._counters = {fate: numbers.labels(fate.value) for fate in Fate}

    def add(self, records: Sequence[StoredRecord]) -> None:
        """Count the numbers in records that are durable, each under the fate that it gets."""
        moved: dict[Fate, int] = {}  # counted at once: a metric costs more than a sum, and a batch has many events
        for stored in records:
            _, fate, numbers = moved_by(stored.record.event)
            if fate is not None:
                moved[fate] = moved.get(fate, 0) + numbers
        for fate, numbers in moved.items():
            self._counters[fate].inc(numbers)
