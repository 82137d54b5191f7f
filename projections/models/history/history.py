"""The history: one row for each event, with actor, time and numbers, no personal data (CONTRACT.md section 6.2)."""

from collections.abc import Sequence
from typing import Final, assert_never

from projections.models.projection import Projection, Write, write_rows
from projections.statements import statement
from schemas.events import (
    DocumentEvent,
    DraftEvent,
    Event,
    NumbersLost,
    NumbersReserved,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesEvent,
)
from schemas.record import Record, event_name
from schemas.values import DocumentId, NumberRange


def collapse(records: Sequence[Record]) -> list[Write]:
    """The writes of these records: one row for each."""
    return write_rows(statement("entry_add"), map(_row, records))


def numbers_of(event: Event) -> tuple[NumberRange, ...]:
    """The numbers that an event is about."""
    match event:
        case NumbersReserved(first=first, last=last) | NumbersLost(first=first, last=last):
            return (NumberRange(first, last),)
        case ReservationExpired(ranges=ranges):
            return ranges
        case ReservationConsumed(number=number) | ReservationReleased(number=number):
            return (NumberRange(number, number),)
        case DocumentEvent():
            return (NumberRange(event.number, event.number),)
        case SeriesEvent() | DraftEvent():
            return ()
        case _:
            assert_never(event)


def document_of(event: Event) -> DocumentId | None:
    """The document that an event is about."""
    match event:
        case ReservationConsumed() | DocumentEvent() | DraftEvent():
            return event.document_id
        case NumbersReserved() | ReservationReleased() | ReservationExpired() | NumbersLost() | SeriesEvent():
            return None
        case _:
            assert_never(event)


def _row(record: Record) -> tuple[object, ...]:
    numbers = numbers_of(record.event)
    return (
        record.log,
        record.position,
        record.stream,
        record.version,
        document_of(record.event),
        record.firm_id,
        record.mode,
        record.at,
        event_name(record.event),
        record.actor.kind,
        record.actor.id,
        record.device_id,
        numbers[0].first if numbers else None,
        numbers[-1].last if numbers else None,
        sum(map(len, numbers)),
    )


HISTORY: Final = Projection(
    name="history",
    version=1,
    tables=(statement("entry_table"), statement("history_of_document")),
    digests=(statement("entry_rows"),),
    collapse=collapse,
)
