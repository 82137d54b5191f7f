"""The counters: the start number, next number and terms of each series; PostgreSQL checks the equation."""

from collections.abc import Sequence
from typing import Final

from projections.models.projection import Projection, Write, write_rows
from projections.replay.terms import moved_by, taken_by
from projections.statements import statement
from schemas.events import DraftEvent, SeriesOpened
from schemas.record import Record
from schemas.values import Fate, Position, SeriesId


class _Change:
    """What a batch adds to one counter."""

    def __init__(self) -> None:
        self.position = Position(0)
        self.taken = 0
        self.terms = dict.fromkeys(Fate, 0)

    def apply(self, record: Record) -> None:
        source, target, count = moved_by(record.event)
        if source:
            self.terms[source] -= count
        if target:
            self.terms[target] += count
        self.taken += taken_by(record.event)
        self.position = record.position


def collapse(records: Sequence[Record]) -> list[Write]:
    """The writes of these records: the opened series, and one sum for each series."""
    changes: dict[SeriesId, _Change] = {}
    for record in records:
        if not isinstance(record.event, DraftEvent):
            changes.setdefault(record.stream, _Change()).apply(record)
    opened = [_opened(record, record.event) for record in records if isinstance(record.event, SeriesOpened)]
    moved = [(series_id, c.position, c.taken, *c.terms.values()) for series_id, c in changes.items()]
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
