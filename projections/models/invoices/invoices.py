"""The invoices: one row for each document, drafts included, with the facts by which lists filter and sort."""

from collections.abc import Mapping, Sequence
from typing import Final, assert_never

from msgspec import Struct

from projections.models.invoices.content import ERASED, Facts, facts_of
from projections.models.projection import (
    Addition,
    Asked,
    Found,
    Projection,
    Write,
    add_rows,
    write_rows,
    write_some,
)
from projections.statements import statement
from schemas.events import (
    AnyDraftEvent,
    DocumentChanged,
    DocumentErased,
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
from schemas.values import Digest, DocumentId, Fate, IsoDate, Position, SeriesId, UnixSeconds

_WITH_CONTENT: Final = (ReservationConsumed, DocumentChanged, DraftSaved, DocumentErased, DraftErased)

_NOTHING: Final = Digest("")
"""The content of a document of which nothing is left: the digest of none, so nothing is found by it."""


_COLUMNS: Final = (
    "document_id", "log_id", "firm_id", "mode", "series_id", "number", "full_number", "date", "document_type", "fate",
    "reverses", "voided_at", "created_at", "modified_at", "created_position", "position", "content", "reason_content",
    "client_local_uuid", "client_id", "currency", "due_date", "subtotal_ron", "vat_ron", "total_ron",
)  # fmt: skip
"""The columns of `invoice`, in the order of `_Batch.created_row`."""


class _Change(Struct, gc=False):
    """What a batch changes in a document; a `fate`, `date` or `content` of None stays as it was."""

    modified_at: UnixSeconds
    position: Position
    fate: Fate | None = None
    voided_at: UnixSeconds | None = None
    reason: Digest | None = None
    date: IsoDate | None = None
    content: Digest | None = None

    def row(self, document_id: DocumentId, facts: Facts) -> tuple[object, ...]:
        return (
            document_id,
            self.fate,
            self.voided_at,
            self.reason,
            self.modified_at,
            self.position,
            self.date,
            self.content,
            facts.date,
            facts.document_type,
            facts.series_id,
            *columns_of(facts),
        )


class _Batch:
    """The changes of a batch: `created` are the records that made documents, `dropped` the drafts that it deleted."""

    def __init__(self) -> None:
        self.created: dict[DocumentId, tuple[Record, ReservationConsumed | DraftSaved]] = {}
        self.changes: dict[DocumentId, _Change] = {}
        self.dropped: set[DocumentId] = set()

    def apply(self, record: Record) -> None:
        match record.event:
            case ReservationConsumed() as event:  # as most are: nothing that the batch knew of the document remains
                self.created[event.document_id] = (record, event)
                self.changes[event.document_id] = _Change(
                    record.at, record.position, fate=Fate.STANDING, date=event.date, content=event.content
                )
            case DraftEvent() as event:
                self._apply_to_draft(record, event)
            case DocumentVoided(document_id=document_id, content=reason):
                self._stand(record, document_id, Fate.VOIDED, reason)
            case DocumentUnvoided(document_id=document_id):
                self._stand(record, document_id, Fate.STANDING)
            case NumberWithdrawn(document_id=document_id):
                self._stand(record, document_id, Fate.WITHDRAWN)
            case DocumentChanged(document_id=document_id, date=date, content=content):
                change = self._change(record, document_id)
                change.date, change.content = date, content
            case DocumentErased(document_id=document_id, content=left):
                self._change(record, document_id).content = left or _NOTHING
            case DocumentReversed(document_id=document_id):
                self._change(record, document_id)
            case NumbersReserved() | ReservationReleased() | ReservationExpired() | NumbersLost() | SeriesEvent():
                pass
            case _:
                assert_never(record.event)

    def created_row(self, document_id: DocumentId, facts: Facts, types: Mapping[SeriesId, str]) -> tuple[object, ...]:
        record, event = self.created[document_id]
        issued = event if isinstance(event, ReservationConsumed) else None
        change = self.changes[document_id]
        return (
            document_id,
            record.log,
            record.firm_id,
            record.mode,
            record.stream if issued else facts.series_id,
            issued and issued.number,
            issued and issued.full_number,
            change.date or facts.date,
            types.get(record.stream, facts.document_type) if issued else facts.document_type,
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
            *columns_of(facts),
        )

    def maybe_reversing(self) -> list[DocumentId]:
        """The documents that this batch may have made reversals, or that stand now or stand no more."""
        issued = [id_ for id_, (_, event) in self.created.items() if getattr(event, "reverses", None) is not None]
        return issued + [id_ for id_, change in self.changes.items() if change.fate and id_ not in self.created]

    def _apply_to_draft(self, record: Record, event: AnyDraftEvent) -> None:
        document_id = event.document_id
        match event:
            case DraftSaved(content=content):
                if record.version == 1:
                    self.created[document_id] = (record, event)
                    self._stand(record, document_id, Fate.STANDING)
                self._change(record, document_id).content = content
            case DraftVoided(content=reason):
                self._stand(record, document_id, Fate.VOIDED, reason)
            case DraftErased(content=left):
                self._change(record, document_id).content = left or _NOTHING
            case DraftDeleted():
                self.changes.pop(document_id, None)
                if self.created.pop(document_id, None) is None:
                    self.dropped.add(document_id)
            case _:
                assert_never(event)

    def _stand(self, record: Record, document_id: DocumentId, fate: Fate, reason: Digest | None = None) -> None:
        change = self._change(record, document_id)
        change.fate, change.reason = fate, reason
        change.voided_at = record.at if fate is Fate.VOIDED else None

    def _change(self, record: Record, document_id: DocumentId) -> _Change:
        change = self.changes.setdefault(document_id, _Change(record.at, record.position))
        change.modified_at, change.position = record.at, record.position
        return change


def asks(records: Sequence[Record]) -> Asked:
    """The contents of documents that these records issue, save or change, and the types of the documents of series."""
    series = {record.stream for record in records if isinstance(record.event, ReservationConsumed)}
    return Asked(list(_documents(records)), sorted(series))


def _documents(records: Sequence[Record]) -> dict[Digest, DocumentId]:
    """The document of each content."""
    events = (record.event for record in records)
    said = ((each.content, each.document_id) for each in events if isinstance(each, _WITH_CONTENT))
    return {content: document_id for content, document_id in said if content is not None}


def collapse(records: Sequence[Record], found: Found) -> list[Write | Addition]:
    """The writes of these records: new documents as they are at the end of the batch, changed ones, deleted drafts."""
    batch = _Batch()
    for record in records:
        batch.apply(record)
    said = {digest: facts_of(body) for digest, body in found.bodies.items()}
    facts = {id_: said.get(each.content, ERASED) if each.content else ERASED for id_, each in batch.changes.items()}
    changed = (each.row(id_, facts[id_]) for id_, each in batch.changes.items() if id_ not in batch.created)
    documents = _documents(records)
    words = ((id_, documents[id_], each.client.name, each.client.tax_id) for id_, each in said.items() if each.client)
    created = [batch.created_row(id_, facts[id_], found.types) for id_ in batch.created]
    reversing = batch.maybe_reversing()
    return [
        *write_some(statement("invoice_words"), words),
        *add_rows("invoice", _COLUMNS, created),
        *write_rows(statement("invoice_change"), changed),
        *write_rows(statement("invoice_drop"), ([document_id] for document_id in batch.dropped)),
        *write_some(statement("invoice_reversal"), ([document_id] for document_id in reversing)),
    ]


def columns_of(facts: Facts) -> tuple[object, ...]:
    """What a row copies from a content: client id, currency, due date and the sums."""
    sums = facts.amounts_ron
    return (facts.client_id, facts.currency, facts.due_date, sums.subtotal, sums.vat_amount, sums.total)


INVOICES: Final = Projection(
    name="invoices",
    version=6,
    tables=(
        statement("invoice_table"),
        statement("total_table"),
        statement("total_counting_function"),
        statement("total_of_added"),
        statement("total_of_dropped"),
        statement("total_before_change"),
        statement("total_of_changed"),
        statement("invoices_found_function"),
        statement("invoice_matching_function"),
        statement("invoices_reversals"),
    ),
    indexes=(
        statement("invoices_by_creation"),
        statement("invoices_by_date"),
        statement("invoices_by_due_date"),
        statement("invoices_by_total"),
        statement("invoices_by_number"),
        statement("invoices_of_client"),
        statement("invoices_of_series"),
        statement("invoices_unsettled"),
        statement("invoices_in_other_currencies"),
        statement("invoices_of_other_types"),
        statement("invoices_by_full_number"),
    ),
    digests=(statement("invoice_rows"), statement("total_rows")),
    collapse=collapse,
    asks=asks,
)
