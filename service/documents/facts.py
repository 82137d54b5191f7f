"""The facts that the events of one document state, without its content. Pure."""

from collections.abc import Sequence
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from schemas.events import (
    AnyDocumentEvent,
    AnyDraftEvent,
    DocumentChanged,
    DocumentErased,
    DocumentEvent,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftDeleted,
    DraftErased,
    DraftEvent,
    DraftSaved,
    DraftVoided,
    NumbersLost,
    NumbersReserved,
    NumberWithdrawn,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesEvent,
)
from schemas.record import Record
from schemas.values import Digest, DocumentId, IsoDate, Number, Position, SeriesId, UnixSeconds


class Erasure(Struct, frozen=True):
    """When what a document said was erased, and whether the customer alone was."""

    at: UnixSeconds
    is_of_client_alone: bool


class NumberedFacts(Struct, frozen=True):
    """The facts of a document with a number, up to the event at `position`.

    `reversals` are all documents that ever reversed it; at most one of them stands.
    """

    document_id: DocumentId
    series_id: SeriesId
    number: Number
    full_number: str
    issued_date: IsoDate
    date: IsoDate
    content: Digest
    created_at: UnixSeconds
    modified_at: UnixSeconds
    position: Position
    voided_at: UnixSeconds | None = None
    void_reason: Digest | None = None
    is_deleted: bool = False
    reverses: DocumentId | None = None
    reversals: tuple[tuple[Number, DocumentId], ...] = ()
    client_local_uuid: str | None = None
    erasure: Erasure | None = None


class DraftFacts(Struct, frozen=True):
    """The facts of a document without a number, up to the event at `position`."""

    document_id: DocumentId
    content: Digest
    created_at: UnixSeconds
    modified_at: UnixSeconds
    position: Position
    voided_at: UnixSeconds | None = None
    void_reason: Digest | None = None
    is_deleted: bool = False
    erasure: Erasure | None = None


Facts = NumberedFacts | DraftFacts


def fold_document(records: Sequence[Record]) -> Facts | None:
    """The facts of a document, from its own records in order; none if there are no records.

    The log gives a document's own events only: any other, or one too early, is a defect and raises AssertionError.
    """
    facts: Facts | None = None
    for record in records:
        facts = _apply(facts, record)
    return facts


def digests_of(facts: Facts) -> list[Digest]:
    """The digests of the contents that are needed to show a document."""
    return [facts.content] if facts.void_reason is None else [facts.content, facts.void_reason]


def _apply(facts: Facts | None, record: Record) -> Facts:
    event = record.event
    match event:
        case ReservationConsumed():
            assert facts is None, f"position {record.position}: a document is issued once"
            return _issued(event, record)
        case DraftEvent():
            assert not isinstance(facts, NumberedFacts), f"position {record.position}: a draft has no number"
            return replace(_apply_to_draft(facts, event, record), modified_at=record.at, position=record.position)
        case DocumentEvent():
            assert isinstance(facts, NumberedFacts), f"position {record.position}: there is no such document"
            return replace(_apply_to_numbered(facts, event, record.at), modified_at=record.at, position=record.position)
        case NumbersReserved() | ReservationReleased() | ReservationExpired() | NumbersLost() | SeriesEvent():
            raise AssertionError(f"position {record.position} is about no document")
        case _:
            assert_never(event)


def _issued(issued: ReservationConsumed, record: Record) -> NumberedFacts:
    return NumberedFacts(
        document_id=issued.document_id,
        series_id=record.stream,
        number=issued.number,
        full_number=issued.full_number,
        issued_date=issued.date,
        date=issued.date,
        content=issued.content,
        created_at=record.at,
        modified_at=record.at,
        position=record.position,
        reverses=issued.reverses,
        client_local_uuid=issued.client_local_uuid,
    )


def _apply_to_numbered(facts: NumberedFacts, event: AnyDocumentEvent, at: UnixSeconds) -> NumberedFacts:
    match event:
        case DocumentChanged(date=date, content=content):
            return replace(facts, date=date, content=content, erasure=None)
        case DocumentErased(content=content):
            return replace(facts, content=content or facts.content, erasure=Erasure(at, content is not None))
        case DocumentReversed(reversal_number=number, reversal_id=reversal_id):
            return replace(facts, reversals=(*facts.reversals, (number, reversal_id)))
        case DocumentVoided(content=content):
            return replace(facts, voided_at=at, void_reason=content)
        case DocumentUnvoided():
            return replace(facts, voided_at=None, void_reason=None)
        case NumberWithdrawn():
            return replace(facts, is_deleted=True)
        case _:
            assert_never(event)


def _apply_to_draft(facts: DraftFacts | None, event: AnyDraftEvent, record: Record) -> DraftFacts:
    if isinstance(event, DraftSaved):
        created_at = record.at if facts is None else facts.created_at
        return DraftFacts(event.document_id, event.content, created_at, record.at, record.position)
    assert facts is not None, f"position {record.position}: there is no such draft"
    match event:
        case DraftVoided(content=content):
            return replace(facts, voided_at=record.at, void_reason=content)
        case DraftErased(content=content):
            erasure = Erasure(record.at, content is not None)
            return replace(facts, content=content or facts.content, erasure=erasure)
        case DraftDeleted():
            return replace(facts, is_deleted=True)
        case _:
            assert_never(event)
