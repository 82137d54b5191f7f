"""The content of a document. It is kept apart from the events, which carry its salted digest, so it can be erased."""

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
"""The type of a document. A receipt can only be a draft, because no series here numbers receipts (D85)."""


class Amounts(Struct, frozen=True):
    """Amounts with the decimals of their currency. `total` is the sum of the other two (CONTRACT.md D91).

    In contents that were written before D91, amounts have two decimals in every currency, and the total in RON may
    differ from that sum by 0.01.
    """

    subtotal: Decimal
    vat_amount: Decimal
    total: Decimal


class InvoiceContent(Struct, frozen=True, kw_only=True):
    """The content of an invoice or draft.

    `date`, `series_id` and `client_local_uuid` are set in drafts only, because no event of a draft has them.
    """

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
    client_local_uuid: str | None = None


class VoidContent(Struct, frozen=True):
    """The reason why a document was voided, as the caller wrote it."""

    reason: str


class SealedContent(Content, frozen=True):
    """A content that was just sealed, and what it says: nobody needs to decode it."""

    said: InvoiceContent | VoidContent


def seal_content(content: InvoiceContent | VoidContent, salt: bytes) -> Content:
    """The content as the log keeps it, under the salted digest that its event carries."""
    body = _encoder.encode(content)
    return SealedContent(Digest(hashlib.sha256(salt + body).hexdigest()), salt, body, content)


def open_invoice(content: Content) -> InvoiceContent:
    """The content of an invoice or draft, decoded."""
    if isinstance(content, SealedContent) and isinstance(content.said, InvoiceContent):
        return content.said
    return _invoice_decoder.decode(content.body)


def open_void(content: Content) -> VoidContent:
    """The reason of a void, decoded."""
    return _void_decoder.decode(content.body)


# Numbers are encoded as JSON numbers and decoded exactly: `delegate` has no types, and its numbers must stay numbers.
_encoder: Final = msgspec.json.Encoder(order="deterministic", decimal_format="number")
_invoice_decoder: Final = msgspec.json.Decoder(InvoiceContent, float_hook=Decimal)
_void_decoder: Final = msgspec.json.Decoder(VoidContent)
