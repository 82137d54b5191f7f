"""What a document says: kept beside the events that carry its salted digest, so that it can be erased by law. Pure."""

import hashlib
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from schemas.api.invoice import Client, Item
from schemas.values import Digest, IsoDate, SeriesId
from service.log.event_log import Content

SALT_BYTES: Final = 16

Kind = Literal["fiscal", "proforma", "receipt"]
"""What a document is; a receipt can only be a draft, because no series here numbers receipts (CONTRACT.md D85)."""


class Amounts(Struct, frozen=True):
    """Rounded to cents; `total` is the sum of the other two, except in another currency."""

    subtotal: Decimal
    vat_amount: Decimal
    total: Decimal


class InvoiceContent(Struct, frozen=True, kw_only=True):
    """What a document says. `date` and `series_id` are a draft's: no event has them."""

    document_type: Kind
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
    date: IsoDate | None = None
    series_id: SeriesId | None = None


class VoidContent(Struct, frozen=True):
    """Why a document was voided, in somebody's words."""

    reason: str


def seal_content(content: InvoiceContent | VoidContent, salt: bytes) -> Content:
    """The content as the log keeps it, under the salted digest that its event carries."""
    body = _encoder.encode(content)
    return Content(Digest(hashlib.sha256(salt + body).hexdigest()), salt, body)


def open_invoice(content: Content) -> InvoiceContent:
    """What a document says."""
    return _invoice_decoder.decode(content.body)


def open_void(content: Content) -> VoidContent:
    """Why a document was voided."""
    return _void_decoder.decode(content.body)


# Numbers are JSON numbers, exact both ways: those of `delegate`, which has no types, are numbers again when shown.
_encoder: Final = msgspec.json.Encoder(order="deterministic", decimal_format="number")
_invoice_decoder: Final = msgspec.json.Decoder(InvoiceContent, float_hook=Decimal)
_void_decoder: Final = msgspec.json.Decoder(VoidContent)
