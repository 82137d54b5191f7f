"""The counters: the start number, next number and terms of each series; PostgreSQL checks the equation."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from projections.models.projection import Addition, Found, Projection, Write, write_rows
from projections.replay.terms import moved_by
from projections.statements import statement
from schemas.events import DraftEvent, NumbersLost, NumbersReserved, ReservationExpired, SeriesOpened
from schemas.record import Record
from schemas.values import Fate, SeriesId

_OF_MANY_NUMBERS: Final = frozenset({NumbersReserved, ReservationExpired, NumbersLost})
"""The types of events that may move several numbers."""

_TERMS: Final = tuple(fate.value for fate in Fate)


class _Change:
    """What a batch adds to one counter."""

    def __init__(self) -> None:
        self.taken = 0
        self.terms = dict.fromkeys(_TERMS, 0)

    def move(self, source: Fate | None, target: Fate | None, count: int) -> None:
        if source is not None:
            self.terms[source.value] -= count
        if target is not None:
            self.terms[target.value] += count
            self.taken += 0 if source else count


def collapse(records: Sequence[Record], _found: Found) -> list[Write | Addition]:
    """The writes of these records: the opened series, and one sum for each series."""
    last = {record.stream: record.position for record in records}
    changes: dict[SeriesId, _Change] = defaultdict(_Change)
    # Most events move one number, so it is enough to count them by series and type.
    counted = Counter([(record.stream, type(record.event)) for record in records])
    kinds = {type(record.event): record.event for record in records}
    for (series_id, kind), count in counted.items():
        if kind not in _OF_MANY_NUMBERS and not issubclass(kind, DraftEvent):
            source, target, _ = moved_by(kinds[kind])
            changes[series_id].move(source, target, count)
    for record in records:
        if type(record.event) in _OF_MANY_NUMBERS:
            changes[record.stream].move(*moved_by(record.event))
    opened = [_opened(record, record.event) for record in records if isinstance(record.event, SeriesOpened)]
    moved = [(series_id, last[series_id], c.taken, *c.terms.values()) for series_id, c in changes.items()]
    return [
        *write_rows(statement("counter_add"), opened),
        *write_rows(statement("counter_move"), moved),
    ]


def _opened(record: Record, event: SeriesOpened) -> tuple[object, ...]:
    return (
        record.stream,
        record.log,
        record.firm_id,
        record.mode,
        event.name,
        event.document_type,
        record.at,
        record.position,
        event.start_number,
    )


COUNTERS: Final = Projection(
    name="counters",
    version=2,
    tables=(statement("counter_table"), statement("counters_of_firm")),
    digests=(statement("counter_rows"),),
    collapse=collapse,
)
