"""The invoices: one row for each document, drafts included, with the facts by which lists filter and sort."""

from collections.abc import Sequence
from typing import Final, assert_never

from msgspec import Struct

from projections.models.projection import Projection, Write, write_rows
from projections.statements import statement
from schemas.events import (
    AnyDraftEvent,
    DocumentChanged,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftDeleted,
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
from schemas.values import Digest, DocumentId, Fate, IsoDate, Position, UnixSeconds


class _Change(Struct):
    """What a batch changes in a document; a `fate`, `date` or `content` of None stays as it was."""

    modified_at: UnixSeconds
    position: Position
    fate: Fate | None = None
    voided_at: UnixSeconds | None = None
    reason: Digest | None = None
    date: IsoDate | None = None
    content: Digest | None = None

    def row(self, document_id: DocumentId) -> tuple[object, ...]:
        return (
            document_id,
            self.fate,
            self.voided_at,
            self.reason,
            self.modified_at,
            self.position,
            self.date,
            self.content,
        )


class _Batch:
    """The changes of a batch: `created` are the records that made documents, `dropped` the drafts that it deleted."""

    def __init__(self) -> None:
        self.created: dict[DocumentId, tuple[Record, ReservationConsumed | DraftSaved]] = {}
        self.changes: dict[DocumentId, _Change] = {}
        self.dropped: set[DocumentId] = set()

    def apply(self, record: Record) -> None:
        match record.event:
            case ReservationConsumed() | DraftEvent() as event:
                self._apply_to_new_or_draft(record, event)
            case DocumentVoided(document_id=document_id, content=reason):
                self._stand(record, document_id, Fate.VOIDED, reason)
            case DocumentUnvoided(document_id=document_id):
                self._stand(record, document_id, Fate.STANDING)
            case NumberWithdrawn(document_id=document_id):
                self._stand(record, document_id, Fate.WITHDRAWN)
            case DocumentChanged(document_id=document_id, date=date, content=content):
                change = self._change(record, document_id)
                change.date, change.content = date, content
            case DocumentReversed(document_id=document_id):
                self._change(record, document_id)
            case NumbersReserved() | ReservationReleased() | ReservationExpired() | NumbersLost() | SeriesEvent():
                pass
            case _:
                assert_never(record.event)

    def created_row(self, document_id: DocumentId) -> tuple[object, ...]:
        record, event = self.created[document_id]
        issued = event if isinstance(event, ReservationConsumed) else None
        change = self.changes[document_id]
        return (
            document_id,
            record.log,
            record.firm_id,
            record.mode,
            issued and record.stream,
            issued and issued.number,
            issued and issued.full_number,
            change.date,
            change.fate,
            issued and issued.reverses,
            change.voided_at,
            record.at,
            change.modified_at,
            record.position,
            change.position,
            change.content,
            change.reason,
            issued and issued.client_local_uuid,
        )

    def _apply_to_new_or_draft(self, record: Record, event: ReservationConsumed | AnyDraftEvent) -> None:
        document_id = event.document_id
        match event:
            case ReservationConsumed(date=date, content=content):
                self._create(record, event)
                self.changes[document_id].date, self.changes[document_id].content = date, content
            case DraftSaved(content=content):
                if record.version == 1:
                    self._create(record, event)
                self._change(record, document_id).content = content
            case DraftVoided(content=reason):
                self._stand(record, document_id, Fate.VOIDED, reason)
            case DraftDeleted():
                self.changes.pop(document_id, None)
                if self.created.pop(document_id, None) is None:
                    self.dropped.add(document_id)
            case _:
                assert_never(event)

    def _create(self, record: Record, event: ReservationConsumed | DraftSaved) -> None:
        self.created[event.document_id] = (record, event)
        self._stand(record, event.document_id, Fate.STANDING)

    def _stand(self, record: Record, document_id: DocumentId, fate: Fate, reason: Digest | None = None) -> None:
        change = self._change(record, document_id)
        change.fate, change.reason = fate, reason
        change.voided_at = record.at if fate is Fate.VOIDED else None

    def _change(self, record: Record, document_id: DocumentId) -> _Change:
        change = self.changes.setdefault(document_id, _Change(record.at, record.position))
        change.modified_at, change.position = record.at, record.position
        return change


def collapse(records: Sequence[Record]) -> list[Write]:
    """The writes of these records: new documents as they are at the end of the batch, changed ones, deleted drafts."""
    batch = _Batch()
    for record in records:
        batch.apply(record)
    changed = (
        change.row(document_id) for document_id, change in batch.changes.items() if document_id not in batch.created
    )
    contents = [change.content for change in batch.changes.values() if change.content is not None]
    return [
        *([Write(statement("invoice_searchable"), (contents,), None)] if contents else []),
        *write_rows(statement("invoice_add"), map(batch.created_row, batch.created)),
        *write_rows(statement("invoice_change"), changed),
        *write_rows(statement("invoice_drop"), ([document_id] for document_id in batch.dropped)),
    ]


INVOICES: Final = Projection(
    name="invoices",
    version=3,
    tables=(
        statement("invoice_table"),
        statement("invoices_of_firm"),
        statement("invoices_reversals"),
        statement("invoices_by_content"),
        statement("invoices_by_full_number"),
        statement("invoice_facts_function"),
        statement("invoices_found_function"),
        statement("invoice_matching_function"),
    ),
    digests=(statement("invoice_rows"),),
    collapse=collapse,
)
