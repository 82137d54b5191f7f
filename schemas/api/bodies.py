"""Request bodies, one struct for each call (CONTRACT.md section 6).

Unknown fields are ignored everywhere. A field that the resource has and the body has not is refused, unless it is named
with the value that it has anyway (CONTRACT.md D94).
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from schemas.api.fields import (
    ITEMS_MAX,
    Currency,
    CurrencyText,
    Day,
    Description,
    Email,
    ExchangeRate,
    Explanation,
    Flag,
    GapText,
    Identifier,
    Label,
    NumberFormat,
    Price,
    PrintedName,
    Quantity,
    Reason,
    SeriesName,
    SeriesReference,
    SmallCount,
    Text,
    Token,
    VatRate,
)
from schemas.values import NUMBER_MAX, Count, DocumentType, GapCode


class NothingBody(Struct, frozen=True):
    """The body of a call that needs no fields."""


class OpenSeriesBody(Struct, frozen=True, kw_only=True):
    """POST /invoice-series."""

    name: SeriesName
    """The prefix of the numbers, such as `FACT`. It is unique in firm, mode and document type; case does not count."""
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
    """POST /invoices/{id}/void. `void_reason`, as replies call it, is another name of `reason`."""

    reason: Reason | None = None
    """Why the invoice is voided."""
    void_reason: Reason | None = None
    """Another name of `reason`."""


class EraseBody(Struct, frozen=True, kw_only=True):
    """POST /invoices/{id}/erase."""

    reason: Explanation
    """Why; it is kept apart, and can be erased too. Name no person."""
    keep_amounts: bool = False
    """Whether to erase only who the customer was, and keep lines and amounts."""


class ExplainGapBody(Struct, frozen=True, kw_only=True):
    """POST /invoice-series/{id}/gaps/explanations."""

    first: Annotated[int, Meta(ge=1, le=NUMBER_MAX)]
    """The first number."""
    last: Annotated[int, Meta(ge=1, le=NUMBER_MAX)]
    """The last number; the same as `first` for one."""
    code: GapCode
    """What kind of reason it is."""
    text: GapText
    """The reason in words, for ever: name no person."""


class ClientData(Struct, frozen=True, kw_only=True):
    """The client of an invoice, with all data given in the request. `bank_name` is another name of `bank`."""

    name: PrintedName
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
    bank_name: Label | None = None
    """Another name of `bank`."""
    contact_person: Label | None = None
    """The person to speak to."""
    notes: Text | None = None
    """Notes about the client."""


class ClientChanges(Struct, frozen=True, kw_only=True):
    """What an update changes of the client. What is left out stays; null empties what a client need not have."""

    name: PrintedName | UnsetType = UNSET
    """The name, as printed on the invoice."""
    type: Literal["b2b", "b2c"] | UnsetType = UNSET
    """`b2b` for a firm, `b2c` for a person."""
    email: Email | UnsetType | None = UNSET
    """The e-mail address."""
    phone: Label | UnsetType | None = UNSET
    """The telephone number."""
    cui: Label | UnsetType | None = UNSET
    """The tax id."""
    rc: Label | UnsetType | None = UNSET
    """The number in the trade register."""
    address: Text | UnsetType | None = UNSET
    """Street and number."""
    city: Label | UnsetType | None = UNSET
    """The town."""
    county: Label | UnsetType | None = UNSET
    """The county."""
    country: Label | UnsetType | None = UNSET
    """The country, two letters by ISO 3166."""
    postal_code: Label | UnsetType | None = UNSET
    """The postal code."""
    iban: Label | UnsetType | None = UNSET
    """The bank account."""
    bank: Label | UnsetType | None = UNSET
    """The bank."""
    bank_name: Label | UnsetType | None = UNSET
    """Another name of `bank`."""
    contact_person: Label | UnsetType | None = UNSET
    """The person to speak to."""
    notes: Text | UnsetType | None = UNSET
    """Notes about the client."""


class ItemBody(Struct, frozen=True, kw_only=True):
    """One line of an invoice. `description` may be left out if `product_czuid` is given.

    `product_id`, as replies call it, is another name of `product_czuid`. Without a `vat_rate` the line has the standard
    rate of Romania at the date of the invoice.
    """

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
    product_id: Identifier | None = None
    """Another name of `product_czuid`."""
    vat_rate: VatRate | UnsetType = UNSET
    """The VAT rate in per cent. Left out: the standard rate of Romania at the invoice's date."""
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


Items = Annotated[list[ItemBody], Meta(min_length=1, max_length=ITEMS_MAX)]
Kind = Literal["fiscal", "proforma", "receipt"]


class CreateInvoiceBody(Struct, frozen=True, kw_only=True):
    """POST /invoices. Either `client_id` or `client_data` is required.

    `date_at`, `due_at`, `exchange_rate` and `observation`, as updates call them, are other names of `date`, `due_date`,
    `currency_rate` and `observations`.
    """

    items: Items
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
    date_at: Day | None = None
    """Another name of `date`."""
    due_date: Day | None = None
    """The day until which it is to be paid."""
    due_at: Day | None = None
    """Another name of `due_date`."""
    currency: Currency = "RON"
    """The currency, by ISO 4217."""
    currency_rate: ExchangeRate | None = None
    """How many RON one unit of the currency is worth. Required for another currency than RON."""
    exchange_rate: ExchangeRate | None = None
    """Another name of `currency_rate`."""
    document_type: Kind = "fiscal"
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
    observation: Text | None = None
    """Another name of `observations`."""
    notes: Text | None = None
    """Notes for the reader."""


class UpdateInvoiceBody(Struct, frozen=True, kw_only=True):
    """PUT and PATCH /invoices/{id}. A field that is left out stays as it is; `items` replaces all lines.

    Each field has the names that POST /invoices takes and those of the public update: `date` is also `date_at`,
    `due_date` is `due_at`, `currency_rate` is `exchange_rate`. `observation` (or `observations`) and `notes` are other
    names of `info`, and each is kept under its own name too. Null empties a field that an invoice need not have.
    """

    date_at: Day | UnsetType = UNSET
    """The new date."""
    date: Day | UnsetType = UNSET
    """Another name of `date_at`."""
    due_at: Day | UnsetType | None = UNSET
    """The new day until which it is to be paid; null removes it."""
    due_date: Day | UnsetType | None = UNSET
    """Another name of `due_at`."""
    info: Text | UnsetType | None = UNSET
    """The new text printed on the invoice; null removes it."""
    observation: Text | UnsetType | None = UNSET
    """Another name of `info`, kept as `observations` too."""
    observations: Text | UnsetType | None = UNSET
    """Another name of `observation`."""
    notes: Text | UnsetType | None = UNSET
    """Another name of `info`, kept as `notes` too."""
    client_id: Identifier | UnsetType | None = UNSET
    """The client's id in your system; what was printed of the client stays. Null removes it."""
    client_data: ClientChanges | UnsetType = UNSET
    """What changes of the client, member by member."""
    currency: CurrencyText | UnsetType = UNSET
    """The new currency, by ISO 4217."""
    exchange_rate: ExchangeRate | UnsetType = UNSET
    """How many RON one unit of the currency is worth. Required for another currency than RON."""
    currency_rate: ExchangeRate | UnsetType = UNSET
    """Another name of `exchange_rate`."""
    series_id: SeriesReference | UnsetType | None = UNSET
    """The series of a draft, null for none; a numbered invoice keeps its series."""
    document_type: Kind | UnsetType = UNSET
    """What kind of document a draft is; a numbered invoice keeps its kind."""
    items: Items | UnsetType = UNSET
    """All lines: they replace those that the invoice has."""
    efactura_enabled: Flag | UnsetType = UNSET
    """Kept as sent; nothing is sent to e-Factura from here."""
    spv_environment: Label | UnsetType | None = UNSET
    """Kept as sent."""
    with_vat_inverted: Flag | UnsetType | None = UNSET
    """Kept as sent."""
    payment_method: Label | UnsetType | None = UNSET
    """Kept as sent."""
    payment_type: Label | UnsetType | None = UNSET
    """Kept as sent."""
    payment_installments: SmallCount | UnsetType | None = UNSET
    """Kept as sent."""
    send_email: Flag | UnsetType | None = UNSET
    """Kept as sent; no e-mail is sent from here."""
    email_address: Email | UnsetType | None = UNSET
    """Kept as sent."""
    with_delegate: Flag | UnsetType | None = UNSET
    """Kept as sent."""
    delegate: dict[str, Any] | UnsetType | None = UNSET
    """The delegate; kept as sent."""
    force_chronology: bool = True
    """Whether a date that breaks the order of dates in the series is refused."""
