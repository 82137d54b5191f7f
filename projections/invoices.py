"""The invoices: one row a document, without what it says."""

from collections.abc import Sequence
from typing import Final, assert_never

from msgspec import Struct

from projections.projection import Projection, Write, write_rows
from projections.statements import statement
from schemas.events import (
    DocumentChanged,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftDeleted,
    DraftSaved,
    DraftVoided,
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
from schemas.record import Record
from schemas.values import Digest, DocumentId, Fate, Position, UnixSeconds


class _Standing(Struct):
    """What may change in a document's row."""

    fate: Fate
    voided_at: UnixSeconds | None
    modified_at: UnixSeconds
    position: Position
    reason: Digest | None


class _Batch:
    def __init__(self) -> None:
        self.issued: dict[DocumentId, tuple[Record, ReservationConsumed]] = {}
        self.standing: dict[DocumentId, _Standing] = {}

    def apply(self, record: Record) -> None:
        match record.event:
            case ReservationConsumed(document_id=document_id) as event:
                self.issued[document_id] = (record, event)
                self._stand(record, document_id, Fate.STANDING)
            case DocumentVoided(document_id=document_id, content=reason):
                self._stand(record, document_id, Fate.VOIDED, record.at, reason)
            case DocumentUnvoided(document_id=document_id):
                self._stand(record, document_id, Fate.STANDING)
            case NumberWithdrawn(document_id=document_id):
                self._stand(record, document_id, Fate.WITHDRAWN)
            case NumbersReserved() | ReservationReleased() | ReservationExpired():
                pass
            case DocumentChanged() | DocumentReversed() | DraftSaved() | DraftVoided() | DraftDeleted():
                pass
            case SeriesOpened() | SeriesDescribed() | SeriesMadePrimary() | SeriesLocked() | SeriesUnlocked():
                pass
            case _:
                assert_never(record.event)

    def _stand(
        self,
        record: Record,
        document_id: DocumentId,
        fate: Fate,
        voided_at: UnixSeconds | None = None,
        reason: Digest | None = None,
    ) -> None:
        self.standing[document_id] = _Standing(fate, voided_at, record.at, record.position, reason)

    def issued_row(self, document_id: DocumentId) -> tuple[object, ...]:
        record, event = self.issued[document_id]
        standing = self.standing[document_id]
        return (
            document_id,
            record.log,
            record.stream,
            record.firm_id,
            record.mode,
            event.number,
            event.date,
            standing.fate,
            standing.voided_at,
            record.at,
            standing.modified_at,
            record.position,
            standing.position,
            event.content,
            standing.reason,
            event.client_local_uuid,
        )


def collapse(records: Sequence[Record]) -> list[Write]:
    """What these records write: the new documents as they stand at the end of the batch, and the changed ones."""
    batch = _Batch()
    for record in records:
        batch.apply(record)
    changed = (
        (document_id, s.fate, s.voided_at, s.modified_at, s.position, s.reason)
        for document_id, s in batch.standing.items()
        if document_id not in batch.issued
    )
    return [
        *write_rows(statement("invoices_invoice_add"), map(batch.issued_row, batch.issued)),
        *write_rows(statement("invoices_invoice_change"), changed),
    ]


INVOICES: Final = Projection(
    name="invoices",
    tables=(statement("invoices_invoice_table"), statement("invoices_of_firm")),
    digests=(statement("invoices_invoice_rows"),),
    collapse=collapse,
)
