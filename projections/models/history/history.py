"""The history: one row an event, with who, when and which numbers, and no personal data (CONTRACT.md section 6.2)."""

from collections.abc import Sequence
from typing import Final, assert_never

from projections.models.projection import Projection, Write, write_rows
from projections.statements import statement
from schemas.events import (
    DocumentChanged,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftDeleted,
    DraftSaved,
    DraftVoided,
    Event,
    NumbersReserved,
    NumberWithdrawn,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesDescribed,
    SeriesLocked,
    SeriesMadePrimary,
    SeriesOpened,
    SeriesUnlocked,
)
from schemas.record import Record, event_name
from schemas.values import DocumentId, NumberRange


def collapse(records: Sequence[Record]) -> list[Write]:
    """What these records write: a row each."""
    return write_rows(statement("entry_add"), map(_row, records))


def numbers_of(event: Event) -> tuple[NumberRange, ...]:
    """The numbers an event speaks of."""
    match event:
        case NumbersReserved(first=first, last=last):
            return (NumberRange(first, last),)
        case ReservationExpired(ranges=ranges):
            return ranges
        case ReservationConsumed(number=number) | ReservationReleased(number=number):
            return (NumberRange(number, number),)
        case DocumentVoided(number=number) | DocumentUnvoided(number=number) | NumberWithdrawn(number=number):
            return (NumberRange(number, number),)
        case DocumentChanged(number=number) | DocumentReversed(number=number):
            return (NumberRange(number, number),)
        case SeriesOpened() | SeriesDescribed() | SeriesMadePrimary() | SeriesLocked() | SeriesUnlocked():
            return ()
        case DraftSaved() | DraftVoided() | DraftDeleted():
            return ()
        case _:
            assert_never(event)


def document_of(event: Event) -> DocumentId | None:
    """The document an event is about."""
    match event:
        case ReservationConsumed(document_id=document_id) | DocumentVoided(document_id=document_id):
            return document_id
        case DocumentUnvoided(document_id=document_id) | NumberWithdrawn(document_id=document_id):
            return document_id
        case DocumentChanged(document_id=document_id) | DocumentReversed(document_id=document_id):
            return document_id
        case DraftSaved(document_id=document_id) | DraftVoided(document_id=document_id):
            return document_id
        case DraftDeleted(document_id=document_id):
            return document_id
        case NumbersReserved() | ReservationReleased() | ReservationExpired():
            return None
        case SeriesOpened() | SeriesDescribed() | SeriesMadePrimary() | SeriesLocked() | SeriesUnlocked():
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
