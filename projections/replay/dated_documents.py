"""What each document of a series shows after the events so far: its number as printed, its date, its content."""

from typing import assert_never

from msgspec import Struct

from schemas.events import (
    DocumentChanged,
    DocumentErased,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftEvent,
    NumbersLost,
    NumbersReserved,
    NumberWithdrawn,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesEvent,
)
from schemas.record import Record
from schemas.values import Digest, DocumentId, IsoDate, UnixSeconds


class DatedDocument(Struct, gc=False):
    """A document that has or had a number. `content` is None once everything that it said was erased."""

    full_number: str
    date: IsoDate
    issued_at: UnixSeconds
    is_reversal: bool
    content: Digest | None


class DatedDocuments:
    """The documents of a series by their ids, withdrawn ones included."""

    def __init__(self) -> None:
        self.by_id: dict[DocumentId, DatedDocument] = {}

    def apply(self, record: Record) -> None:
        """Add the next event, which a replay has checked."""
        match record.event:
            case ReservationConsumed() as event:
                self.by_id[event.document_id] = DatedDocument(
                    event.full_number, event.date, record.at, event.reverses is not None, event.content
                )
            case DocumentChanged(document_id=document_id, date=date, content=content):
                document = self.by_id[document_id]
                document.date, document.content = date, content
            case DocumentErased(document_id=document_id, content=left):
                self.by_id[document_id].content = left
            case DocumentVoided() | DocumentUnvoided() | DocumentReversed() | NumberWithdrawn():
                pass
            case NumbersReserved() | ReservationReleased() | ReservationExpired() | NumbersLost():
                pass
            case SeriesEvent() | DraftEvent():
                pass
            case _:
                assert_never(record.event)
