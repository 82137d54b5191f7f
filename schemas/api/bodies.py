"""Request bodies, one struct for each call (CONTRACT.md section 6). Unknown fields are ignored everywhere."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from schemas.api.fields import (
    ITEMS_MAX,
    Currency,
    Day,
    Description,
    Email,
    ExchangeRate,
    Flag,
    Identifier,
    Label,
    NumberFormat,
    Price,
    Quantity,
    SeriesName,
    SeriesReference,
    SmallCount,
    Text,
    Token,
    VatRate,
)
from schemas.values import NUMBER_MAX, Count, DocumentType


class NothingBody(Struct, frozen=True):
    """The body of a call that needs no fields."""


class OpenSeriesBody(Struct, frozen=True, kw_only=True):
    """POST /invoice-series."""

    name: SeriesName
    """The prefix of the numbers, such as `FACT`. It is unique in firm, mode and document type, whatever its case."""
    document_type: DocumentType
    """What the series numbers."""
    description: Description | None = None
    """Text for people."""
    start_number: Annotated[int, Meta(ge=1, le=NUMBER_MAX)] = 1
    """The first number of the series."""
    is_primary: bool = False
    """Whether the series becomes the default of its document type; the first one of a type always does."""
    format: NumberFormat | None = None
    """How a number is printed: text with `{number}` exactly once, and `{year}` if wanted. Left out:
    `<name>-{year}-{number}`.
    """


class DescribeSeriesBody(Struct, frozen=True, kw_only=True):
    """PUT and PATCH /invoice-series/{id}."""

    description: Description | None = None
    """The new description; null removes it, and left out nothing changes."""


class UnlockBody(Struct, frozen=True, kw_only=True):
    """POST /invoice-series/{id}/unlock."""

    force: bool = False
    """Whether to take the lock from another device: for an admin's device, or an API key."""


class ReserveNumbersBody(Struct, frozen=True, kw_only=True):
    """POST /invoice-series/{id}/reserve-numbers."""

    count: Count = 10
    """How many numbers to reserve: all of them or none."""


class VoidBody(Struct, frozen=True, kw_only=True):
    """POST /invoices/{id}/void."""

    reason: Text | None = None
    """Why the invoice is voided."""


class ClientData(Struct, frozen=True, kw_only=True):
    """The client of an invoice, with all data given in the request."""

    name: Identifier
    """The name, as printed on the invoice."""
    type: Literal["b2b", "b2c"] = "b2b"
    """`b2b` for a firm, `b2c` for a person."""
    email: Email | None = None
    """The e-mail address."""
    phone: Label | None = None
    """The telephone number."""
    cui: Label | None = None
    """The tax id."""
    rc: Label | None = None
    """The number in the trade register."""
    address: Text | None = None
    """Street and number."""
    city: Label | None = None
    """The town."""
    county: Label | None = None
    """The county."""
    country: Label = "RO"
    """The country, two letters by ISO 3166."""
    postal_code: Label | None = None
    """The postal code."""
    iban: Label | None = None
    """The bank account."""
    bank: Label | None = None
    """The bank."""
    contact_person: Label | None = None
    """The person to speak to."""
    notes: Text | None = None
    """Notes about the client."""


class ItemBody(Struct, frozen=True, kw_only=True):
    """One line of an invoice. `description` may be left out if `product_czuid` is given."""

    quantity: Quantity
    """How much is sold."""
    price: Price
    """The price of one unit without VAT."""
    description: Text | None = None
    """What is sold. Required without `product_czuid`."""
    description_extended: Text | None = None
    """More words about it."""
    product_czuid: Identifier | None = None
    """The id of a product; products are not kept here, so any id is accepted."""
    vat_rate: VatRate = 19
    """The VAT rate in per cent."""
    vat_key: SmallCount | None = None
    """The key of the VAT rate; kept as sent."""
    unit: Label = "buc"
    """The unit of measure, as printed."""
    ubl_um: Label = "H87"
    """The unit of measure by UN/ECE Recommendation 20."""
    ubl_nc: Label | None = None
    """The code of the Combined Nomenclature."""
    ubl_cpv: Label | None = None
    """The code of the Common Procurement Vocabulary."""
    save_as_product: Flag = False
    """Kept as sent; products are not kept here."""


class CreateInvoiceBody(Struct, frozen=True, kw_only=True):
    """POST /invoices. Either `client_id` or `client_data` is required."""

    items: Annotated[list[ItemBody], Meta(min_length=1, max_length=ITEMS_MAX)]
    """The lines."""
    client_id: Identifier | None = None
    """The client's id in your system. Required without `client_data`."""
    client_data: ClientData | None = None
    """The client. Required without `client_id`."""
    series_id: SeriesReference | None = None
    """The series that gives the number. Left out: that of the token, else the primary one of the document type."""
    reservation_token: Token | None = None
    """The token of a reserved number of the calling device: the invoice gets this number. Not for drafts."""
    client_local_uuid: Identifier | None = None
    """The client's own id of the invoice. It is kept for good, so it must not be a name or a secret."""
    force_chronology: bool = True
    """Whether a date earlier than the latest of the series is refused; false for numbers used late."""
    date: Day | None = None
    """The date of the invoice. Left out: today."""
    due_date: Day | None = None
    """The day until which it is to be paid."""
    currency: Currency = "RON"
    """The currency, by ISO 4217."""
    currency_rate: ExchangeRate | None = None
    """How many RON one unit of the currency is worth. Required for another currency than RON."""
    document_type: Literal["fiscal", "proforma", "receipt"] = "fiscal"
    """What kind of document it is. A `receipt` can only be a draft."""
    is_draft: Flag = False
    """Whether to keep it as a draft, which takes no number."""
    efactura_enabled: Flag = True
    """Kept as sent; nothing is sent to e-Factura from here."""
    spv_environment: Label | None = None
    """Kept as sent."""
    with_vat_inverted: Flag | None = None
    """Kept as sent."""
    payment_method: Label | None = None
    """Kept as sent."""
    payment_type: Label | None = None
    """Kept as sent."""
    payment_installments: SmallCount | None = None
    """Kept as sent."""
    send_email: Flag | None = None
    """Kept as sent; no e-mail is sent from here."""
    email_address: Email | None = None
    """Kept as sent."""
    with_delegate: Flag | None = None
    """Kept as sent."""
    delegate: dict[str, Any] | None = None
    """The delegate; kept as sent."""
    info: Text | None = None
    """Text printed on the invoice."""
    observations: Text | None = None
    """Observations."""
    notes: Text | None = None
    """Notes for the reader."""


class UpdateInvoiceBody(Struct, frozen=True, kw_only=True):
    """PUT and PATCH /invoices/{id}. A field that is left out stays as it is; `items` replaces all lines.

    If one field is sent under two names, the name that is listed first here counts. `observation` and `notes` are other
    names of `info`, and each is kept under its own name too. Null empties `due_at` and `info`; null in any other field
    changes nothing.
    """

    date_at: Day | None = None
    """The new date."""
    date: Day | None = None
    """Another name of `date_at`."""
    due_at: Day | None = None
    """The new day until which it is to be paid; null removes it."""
    due_date: Day | None = None
    """Another name of `due_at`."""
    info: Text | None = None
    """The new text printed on the invoice; null removes it."""
    observation: Text | None = None
    """Another name of `info`, kept as `observations` too."""
    notes: Text | None = None
    """Another name of `info`, kept as `notes` too."""
    client_id: Identifier | None = None
    """The client's id in your system. With another id only the id of the client is then known."""
    currency: Currency | None = None
    """The new currency, by ISO 4217."""
    exchange_rate: ExchangeRate | None = None
    """How many RON one unit of the currency is worth. Required for another currency than RON."""
    series_id: SeriesReference | None = None
    """The series of a draft; a numbered invoice keeps its series."""
    items: Annotated[list[ItemBody], Meta(min_length=1, max_length=ITEMS_MAX)] | None = None
    """All lines: they replace those that the invoice has."""
    force_chronology: bool = True
    """Whether a date that breaks the order of dates in the series is refused."""
