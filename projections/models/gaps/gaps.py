"""The gaps: numbers without a document, with reason, actor and explanations. Rows are added, never changed."""

from collections.abc import Sequence
from typing import Final

from projections.models.projection import Addition, Found, Projection, Write, write_rows
from projections.replay.gap_numbers import gaps_of
from projections.replay.words import actor_text
from projections.statements import statement
from schemas.events import GapExplained, NumbersLost, NumberWithdrawn, ReservationConsumed
from schemas.record import Record


def collapse(records: Sequence[Record], _found: Found) -> list[Write | Addition]:
    """The writes of these records: one row for each gap; gap_add.sql reads facts of the reservation from the log."""
    rows = [
        (r.stream, numbers.first, numbers.last, fate, r.at, actor_text(r.actor), reservation, r.position, *_texts_of(r))
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


def _texts_of(record: Record) -> tuple[str | None, str | None]:
    """Why lost numbers were stepped over, and how the document of a withdrawn number showed it."""
    event = record.event
    return (
        event.reason if isinstance(event, NumbersLost) else None,
        event.full_number if isinstance(event, NumberWithdrawn) else None,
    )


GAPS: Final = Projection(
    name="gaps",
    version=4,
    tables=(statement("gap_table"), statement("explanation_table")),
    digests=(statement("gap_rows"), statement("explanation_rows")),
    collapse=collapse,
)
