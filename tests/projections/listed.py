"""What a list of documents must answer, in plain Python: the model with which the SQL is compared."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from operator import attrgetter
from unicodedata import normalize

from msgspec import Struct

from projections.reports.invoice_list import InvoicesWanted
from schemas.api.invoice import InvoiceTotals
from schemas.events import (
    DocumentChanged,
    DocumentUnvoided,
    DocumentVoided,
    DraftDeleted,
    DraftSaved,
    DraftVoided,
    NumberWithdrawn,
    ReservationConsumed,
    SeriesOpened,
)
from schemas.record import Record
from schemas.values import Digest, DocumentId, DocumentType, IsoDate, Number, Position, SeriesId
from tests.projections.bodies import Body


class Listed(Struct):
    """One document; the fields of its content are None if the content was erased."""

    document_id: DocumentId
    created: Position
    body: Body | None
    number: Number | None = None
    series_id: SeriesId | None = None
    document_type: DocumentType | None = None
    full_number: str | None = None
    date: IsoDate | None = None
    reverses: DocumentId | None = None
    is_void: bool = False
    is_reversed: bool = False

    @property
    def is_owed(self) -> bool:
        """Whether it has a number, stands, and neither reverses nor is reversed (CONTRACT.md D80 and D93)."""
        return self.number is not None and not (self.is_void or self.is_reversed or self.reverses is not None)

    def status(self, today: IsoDate) -> str:
        if self.is_void:
            return "voided"
        if self.number is None:
            return "draft"
        due_date = None if self.body is None else self.body.due_date
        is_late = due_date is not None and due_date < today and not self.is_reversed
        return "overdue" if is_late else "issued"

    def key(self, sort: str) -> int | str | None:
        """The value by which the document is sorted."""
        match sort:
            case "created_at":
                return self.created
            case "total":
                return None if self.body is None else sum(self.body.cents)
            case "due_date":
                return None if self.body is None else self.body.due_date
            case _:
                found: int | str | None = attrgetter(sort)(self)
                return found


def documents(records: Iterable[Record], bodies: Mapping[Digest, Body]) -> dict[DocumentId, Listed]:
    """Every document that was not deleted, in the order of creation."""
    types: dict[SeriesId, DocumentType] = {}
    found: dict[DocumentId, Listed] = {}
    for record in records:
        match record.event:
            case SeriesOpened(document_type=document_type):
                types[record.stream] = document_type
            case ReservationConsumed() as event:
                found[event.document_id] = Listed(
                    event.document_id,
                    record.position,
                    bodies.get(event.content),
                    event.number,
                    record.stream,
                    types[record.stream],
                    event.full_number,
                    event.date,
                    event.reverses,
                )
            case DraftSaved(document_id=document_id, content=content):
                _read(found.setdefault(document_id, Listed(document_id, record.position, None)), bodies.get(content))
            case DocumentChanged(document_id=document_id, content=content, date=date):
                found[document_id].body, found[document_id].date = bodies.get(content), date
            case DocumentVoided(document_id=document_id) | DraftVoided(document_id=document_id):
                found[document_id].is_void = True
            case DocumentUnvoided(document_id=document_id):
                found[document_id].is_void = False
            case NumberWithdrawn(document_id=document_id) | DraftDeleted(document_id=document_id):
                del found[document_id]
            case _:
                pass
    for document in found.values():
        source = None if document.reverses is None else found.get(document.reverses)
        if source is not None and not document.is_void:
            source.is_reversed = True
    return found


def matching(found: Iterable[Listed], query: InvoicesWanted) -> list[Listed]:
    """The documents that match, in the order that was asked for."""
    hits = [document for document in found if _matches(document, query)]
    is_descending = query.order == "desc"
    hits.sort(key=lambda document: document.created, reverse=is_descending)
    with_key = [document for document in hits if document.key(query.sort) is not None]
    with_key.sort(key=lambda document: document.key(query.sort) or 0, reverse=is_descending)
    return with_key + [document for document in hits if document.key(query.sort) is None]


def totals(found: Iterable[Listed]) -> InvoiceTotals:
    """What the numbered ones that are not voided come to, and what is owed of it."""
    counted = [each for each in found if each.number is not None and not each.is_void]
    net, vat = (Decimal(sum(each.body.cents[part] for each in counted if each.body)) / 100 for part in (0, 1))
    unpaid = Decimal(sum(sum(each.body.cents[:2]) for each in counted if each.body and each.is_owed)) / 100
    return InvoiceTotals(subtotal=net, vat=vat, total=net + vat, paid=Decimal(0), unpaid=unpaid)


def _read(draft: Listed, body: Body | None) -> None:
    draft.body = body
    draft.date = None if body is None else body.date
    draft.series_id = None if body is None else body.series_id
    draft.document_type = None if body is None else body.document_type


def _matches(document: Listed, query: InvoicesWanted) -> bool:
    body = document.body
    return all(
        (
            query.client_id is None or (body is not None and body.client_id == query.client_id),
            query.series_id is None or document.series_id == query.series_id,
            query.is_paid is None or (not query.is_paid and document.is_owed),
            query.is_void is None or document.is_void == query.is_void,
            query.document_type is None or document.document_type == query.document_type,
            query.status is None or document.status(query.today) == query.status,
            query.currency is None or (body is not None and body.currency == query.currency),
            query.start_date is None or (document.date is not None and document.date >= query.start_date),
            query.end_date is None or (document.date is not None and document.date <= query.end_date),
            query.search is None or _is_found(document, folded(query.search)),
        )
    )


def _is_found(document: Listed, text: str) -> bool:
    said = [document.full_number]
    if document.body is not None:
        said += [document.body.client_name, document.body.cui]
    return any(text in folded(each) for each in said if each is not None)


def folded(text: str) -> str:
    """The text without marks, in lower case, in one spelling."""
    return "".join(each for each in normalize("NFKD", text) if not 0x300 <= ord(each) <= 0x36F).lower()
