"""The gaps: numbers without a document, with reason, actor and explanations. Rows are added, never changed."""

from collections.abc import Sequence
from typing import Final

from projections.models.projection import Addition, Found, Projection, Write, write_rows
from projections.replay.gap_numbers import gaps_of
from projections.replay.words import actor_text
from projections.statements import statement
from schemas.events import GapExplained, NumbersLost, ReservationConsumed
from schemas.record import Record


def collapse(records: Sequence[Record], _found: Found) -> list[Write | Addition]:
    """The writes of these records: one row for each gap; gap_add.sql reads facts of the reservation from the log."""
    rows = [
        (r.stream, numbers.first, numbers.last, fate, r.at, actor_text(r.actor), reservation, r.position, _text_of(r))
        for r in records
        if not isinstance(r.event, ReservationConsumed)  # as most events are, and none of these makes a gap
        for numbers, fate, reservation in gaps_of(r)
    ]
    explained = [
        (r.stream, e.first, e.last, e.code, e.text, r.at, actor_text(r.actor), r.position)
        for r in records
        if isinstance(e := r.event, GapExplained)
    ]
    return [
        *write_rows(statement("gap_add"), rows, records[0].log),
        *write_rows(statement("explanation_add"), explained),
    ]


def _text_of(record: Record) -> str | None:
    return record.event.reason if isinstance(record.event, NumbersLost) else None


GAPS: Final = Projection(
    name="gaps",
    version=3,
    tables=(statement("gap_table"), statement("explanation_table")),
    digests=(statement("gap_rows"), statement("explanation_rows")),
    collapse=collapse,
)
