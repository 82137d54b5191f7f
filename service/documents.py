"""Documents: what is kept of one beside its events, and how both together become the invoice a client sees. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, replace

from schemas.api.invoice import Client, Invoice, Item
from schemas.events import (
    DocumentChanged,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    NumberWithdrawn,
    ReservationConsumed,
)
from schemas.record import Record
from schemas.values import Digest, DocumentId, DocumentType, IsoDate, Number, SeriesId, UnixSeconds
from service.core.full_number import padded
from service.event_log import Content

SALT_BYTES: Final = 16
"""Numbers are padded to so many digits; longer ones stay as they are (contract.md D18)."""


class Amounts(Struct, frozen=True):
    """Rounded to cents; `total` is the sum of the other two, except in another currency."""

    subtotal: Decimal
    vat_amount: Decimal
    total: Decimal


class InvoiceContent(Struct, frozen=True, kw_only=True):
    """What a document says: kept apart from the events, because it may have to be erased. Decimals are strings."""

    document_type: DocumentType
    client_id: str | None
    client: Client | None
    currency: str
    exchange_rate: Decimal
    items: list[Item]
    amounts: Amounts
    amounts_ron: Amounts
    due_date: IsoDate | None
    payment_method: str | None
    payment_type: str | None
    payment_installments: int | None
    notes: str | None
    observations: str | None
    info: str | None
    efactura_enabled: bool
    spv_environment: str | None
    with_vat_inverted: bool | None
    send_email: bool | None
    email_address: str | None
    with_delegate: bool | None
    delegate: dict[str, Any] | None


class VoidContent(Struct, frozen=True):
    """Why a document was voided, in somebody's words."""

    reason: str


class DocumentFacts(Struct, frozen=True):
    """What the events of one document say."""

    document_id: DocumentId
    series_id: SeriesId
    number: Number
    full_number: str
    date: IsoDate
    content: Digest
    created_at: UnixSeconds
    modified_at: UnixSeconds
    voided_at: UnixSeconds | None = None
    void_reason: Digest | None = None
    is_withdrawn: bool = False
    reverses: DocumentId | None = None
    reversed_by: DocumentId | None = None

    @property
    def digests(self) -> list[Digest]:
        """The contents needed to show it."""
        return [self.content] if self.void_reason is None else [self.content, self.void_reason]


class Numbering(Struct, frozen=True):
    """What a series says about how its numbers are written; it never changes."""

    name: str
    format: str
    document_type: DocumentType


def seal_content(content: InvoiceContent | VoidContent, salt: bytes) -> Content:
    """The content as the log keeps it, under the salted digest that its event carries."""
    body = _encoder.encode(content)
    return Content(Digest(hashlib.sha256(salt + body).hexdigest()), salt, body)


def fold_document(records: Sequence[Record]) -> DocumentFacts | None:
    """The document these records (its own, in order) make; none if there are none."""
    facts: DocumentFacts | None = None
    for record in records:
        facts = _apply(facts, record)
    return facts


def invoice_view(
    facts: DocumentFacts, numbering: Numbering, contents: Mapping[Digest, Content], today: IsoDate
) -> Invoice:
    """The invoice as a client sees it; what was erased is null or zero (contract.md section 5.3 and D78)."""
    kept = contents.get(facts.content)
    said = _ERASED if kept is None else _invoice_decoder.decode(kept.body)
    return Invoice(
        id=facts.document_id,
        number=padded(facts.number),
        number_idx=facts.number,
        series=numbering.name,
        series_id=facts.series_id,
        full_number=facts.full_number,
        date=facts.date,
        status=_status(facts, said.due_date, today),
        is_void=facts.voided_at is not None,
        is_voided=facts.voided_at is not None,
        voided_at=None if facts.voided_at is None else iso_time(facts.voided_at),
        void_reason=_void_reason(facts, contents),
        is_storno=facts.reverses is not None,
        storno_for=facts.reverses,
        storno_bill_id=facts.reversed_by,
        created_at=iso_time(facts.created_at),
        modified_at=iso_time(facts.modified_at),
        subtotal_ron=said.amounts_ron.subtotal,
        vat_amount_ron=said.amounts_ron.vat_amount,
        total_ron=said.amounts_ron.total,
        **asdict(said.amounts),
        **(_said(said) | {"document_type": numbering.document_type.value}),
        **_OF_OTHERS,
    )


def iso_time(at: UnixSeconds) -> str:
    """ISO 8601 in UTC, to the second (contract.md D4)."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _apply(facts: DocumentFacts | None, record: Record) -> DocumentFacts | None:
    match record.event:
        case ReservationConsumed() as issued:
            return DocumentFacts(
                document_id=issued.document_id,
                series_id=record.stream,
                number=issued.number,
                full_number=issued.full_number,
                date=issued.date,
                content=issued.content,
                created_at=record.at,
                modified_at=record.at,
                reverses=issued.reverses,
            )
        case DocumentChanged(date=date, content=content) if facts is not None:
            return replace(facts, date=date, content=content, modified_at=record.at)
        case DocumentReversed(reversal_id=reversal_id) if facts is not None:
            return replace(facts, reversed_by=reversal_id, modified_at=record.at)
        case DocumentVoided(content=content) if facts is not None:
            return replace(facts, voided_at=record.at, void_reason=content, modified_at=record.at)
        case DocumentUnvoided() if facts is not None:
            return replace(facts, voided_at=None, void_reason=None, modified_at=record.at)
        case NumberWithdrawn() if facts is not None:
            return replace(facts, is_withdrawn=True, modified_at=record.at)
        case _:
            # The log gives a document's own events only; any other would be a defect of the query.
            raise AssertionError(f"position {record.position} is not an event of a document that exists")


def _status(facts: DocumentFacts, due_date: IsoDate | None, today: IsoDate) -> Literal["issued", "overdue", "voided"]:
    """Nothing here records payments, so nothing is ever paid (contract.md D27 and D80)."""
    if facts.voided_at is not None:
        return "voided"
    return "overdue" if due_date is not None and due_date < today else "issued"


def _void_reason(facts: DocumentFacts, contents: Mapping[Digest, Content]) -> str | None:
    kept = contents.get(facts.void_reason) if facts.void_reason is not None else None
    return None if kept is None else _void_decoder.decode(kept.body).reason


def _said(said: InvoiceContent) -> dict[str, Any]:
    """The fields of the content that the invoice repeats under the same name."""
    return {name: value for name, value in asdict(said).items() if name not in {"amounts", "amounts_ron"}}


_encoder: Final = msgspec.json.Encoder(order="deterministic")
_invoice_decoder: Final = msgspec.json.Decoder(InvoiceContent)
_void_decoder: Final = msgspec.json.Decoder(VoidContent)
_NOTHING: Final = Amounts(Decimal("0.00"), Decimal("0.00"), Decimal("0.00"))

# What other systems know of an invoice: payments and the tax authority's answer are not kept here.
_OF_OTHERS: Final[Mapping[str, Any]] = {
    "payments": [],
    "is_paid": False,
    "paid_at": None,
    "is_draft": False,
    "efactura_status": None,
    "efactura_submission_id": None,
}

_ERASED: Final = InvoiceContent(
    document_type=DocumentType.FISCAL,
    client_id=None,
    client=None,
    currency="RON",
    exchange_rate=Decimal(1),
    items=[],
    amounts=_NOTHING,
    amounts_ron=_NOTHING,
    due_date=None,
    payment_method=None,
    payment_type=None,
    payment_installments=None,
    notes=None,
    observations=None,
    info=None,
    efactura_enabled=False,
    spv_environment=None,
    with_vat_inverted=None,
    send_email=None,
    email_address=None,
    with_delegate=None,
    delegate=None,
)
