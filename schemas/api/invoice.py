"""The invoice as clients see it (CONTRACT.md section 5.3). A missing value is null, a missing list is empty (D78)."""

from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct


class Client(Struct, frozen=True, kw_only=True):
    """The client on an invoice. If the request gave only an id, only `id` is known and the other fields are null."""

    id: str | None
    """The id that the request gave the client; null if it gave none."""
    object: Literal["client"] = "client"
    name: str | None = None
    """The name, as printed on the invoice."""
    type: str | None = None
    """`company` for a firm, `individual` for a person."""
    email: str | None = None
    """The e-mail address."""
    phone: str | None = None
    """The telephone number."""
    cui: str | None = None
    """The tax id, as the request gave it."""
    cui_prefix: str | None = None
    """`RO` if the tax id begins with it, else null."""
    rc: str | None = None
    """The number in the trade register."""
    address: str | None = None
    """Street and number."""
    city: str | None = None
    """The town."""
    county: str | None = None
    """The county."""
    country: str | None = None
    """The country."""
    postal_code: str | None = None
    """The postal code."""
    iban: str | None = None
    """The bank account."""
    bank_name: str | None = None
    """The bank."""
    contact_person: str | None = None
    """The person to speak to."""
    notes: str | None = None
    """Notes about the client."""
    is_active: bool | None = None
    """Always true for a client with data."""
    is_firm: bool | None = None
    """Whether the client is a firm."""
    created_at: int | None = None
    """Always null: clients are not kept here."""
    modified_at: str | None = None
    """Always null: clients are not kept here."""


class Item(Struct, frozen=True, kw_only=True):
    """One line of an invoice; `id` is its place, from 1. Amounts have two decimals; quantity and price are as sent."""

    id: int
    """The place of the line on the invoice, from 1."""
    product_id: str | None
    """The product, as `product_czuid` of the request named it."""
    description: str | None
    """What is sold."""
    description_extended: str | None
    """More words about it."""
    quantity: Decimal
    """How much is sold, as sent; negative on a reversal."""
    price: Decimal
    """The price of one unit without VAT, as sent."""
    vat_rate: int
    """The VAT rate in per cent."""
    vat_key: int | None
    """The key of the VAT rate, as sent."""
    unit: str
    """The unit of measure, as printed."""
    ubl_um: str
    """The unit of measure by UN/ECE Recommendation 20."""
    ubl_nc: str | None
    """The code of the Combined Nomenclature."""
    ubl_cpv: str | None
    """The code of the Common Procurement Vocabulary."""
    subtotal: Decimal
    """The amount without VAT."""
    vat_amount: Decimal
    """The VAT."""
    total: Decimal
    """The amount with VAT."""
    save_as_product: bool
    """As sent; products are not kept here."""


class Invoice(Struct, frozen=True, kw_only=True):
    """A fiscal invoice, proforma or draft.

    `number` is text, padded to five digits. `number_idx` is the same number as an integer. In a draft both are null.
    """

    id: str
    """The id of the invoice; it never changes."""
    object: Literal["invoice"] = "invoice"
    number: str | None
    """The number as printed, at least five digits; null in a draft."""
    number_idx: int | None
    """The number as an integer; null in a draft."""
    series: str | None
    """The name of the series; null in a draft that names none."""
    series_id: str | None
    """The id of the series; null in a draft that names none."""
    full_number: str | None
    """The whole printed number, in the format of the series; null in a draft."""
    date: str
    """The date of the invoice, `YYYY-MM-DD`."""
    due_date: str | None
    """The day until which it is to be paid, `YYYY-MM-DD`."""
    client_id: str | None
    """The id that the request gave the client."""
    client: Client | None
    """The client; null only if the content of the invoice was erased."""
    currency: str | None
    """The currency, by ISO 4217. This and the amounts are null only if the content was erased or lost."""
    exchange_rate: Decimal | None
    """How many RON one unit of the currency is worth; 1 for RON."""
    subtotal: Decimal | None
    """The amount without VAT, in the currency."""
    vat_amount: Decimal | None
    """The VAT, in the currency."""
    total: Decimal | None
    """The amount with VAT, in the currency."""
    subtotal_ron: Decimal | None
    """The amount without VAT, in RON."""
    vat_amount_ron: Decimal | None
    """The VAT, in RON."""
    total_ron: Decimal | None
    """The amount with VAT, in RON."""
    items: list[Item]
    """The lines."""
    payments: list[dict[str, Any]]
    """Always empty: payments are not kept here."""
    status: Literal["draft", "issued", "paid", "overdue", "voided"]
    """What the invoice is today; never `paid`, because payments are not kept here."""
    is_paid: bool
    """Always false: payments are not kept here."""
    paid_at: str | None
    """Always null: payments are not kept here."""
    is_void: bool
    """Whether the invoice is voided."""
    is_voided: bool
    """The same as `is_void`."""
    voided_at: str | None
    """When it was voided, ISO 8601 in UTC; null if it is not voided."""
    void_reason: str | None
    """Why it was voided, as sent."""
    is_draft: bool
    """Whether it is a draft, which has no number."""
    is_storno: bool
    """Whether it is the reversal of another invoice."""
    storno_for: str | None
    """The invoice that this one reverses."""
    storno_bill_id: str | None
    """The reversal of this invoice that stands."""
    document_type: Literal["fiscal", "proforma", "receipt"]
    """What kind of document it is; only drafts are receipts."""
    payment_method: str | None
    """As sent."""
    payment_type: str | None
    """As sent."""
    payment_installments: int | None
    """As sent."""
    notes: str | None
    """Notes for the reader, as sent."""
    observations: str | None
    """Observations, as sent."""
    info: str | None
    """Text printed on the invoice, as sent."""
    efactura_enabled: bool
    """As sent; nothing is sent to e-Factura from here."""
    efactura_status: str | None
    """Always null: e-Factura is not kept here."""
    efactura_submission_id: str | None
    """Always null: e-Factura is not kept here."""
    spv_environment: str | None
    """As sent."""
    with_vat_inverted: bool | None
    """As sent."""
    send_email: bool | None
    """As sent; no e-mail is sent from here."""
    email_address: str | None
    """As sent."""
    with_delegate: bool | None
    """As sent."""
    delegate: dict[str, Any] | None
    """The delegate, as sent."""
    created_at: str
    """When it was issued, or saved as a draft; ISO 8601 in UTC."""
    modified_at: str
    """When it was last changed; ISO 8601 in UTC."""

    content_erased: bool
    """Whether what it said, or why it was voided, was erased: then these fields are null, and lists empty."""

    content_lost: bool
    """Whether that was lost with the end of a database, whose events came back without it."""

    erased: Literal["content", "customer"] | None = None
    """What an erasure took: all that it said, or who the customer was; null if its content stands."""

    erased_at: str | None = None
    """When it was erased; ISO 8601 in UTC."""


class DeletedInvoice(Struct, frozen=True, kw_only=True):
    """The reply to the deletion of an invoice."""

    id: str
    """The invoice that was deleted."""
    object: Literal["invoice"] = "invoice"
    deleted: Literal[True] = True
    """Always true."""
    deleted_at: str
    """When it was deleted, ISO 8601 in UTC."""


class InvoiceTotals(Struct, frozen=True, kw_only=True):
    """The sums over all pages of a list, in RON. Drafts and voided invoices do not count."""

    subtotal: Decimal
    """The amounts without VAT."""
    vat: Decimal
    """The VAT."""
    total: Decimal
    """The amounts with VAT."""
    paid: Decimal
    """Always 0: payments are not kept here."""
    unpaid: Decimal
    """What is still to be paid."""


class InvoiceList(Struct, frozen=True, kw_only=True):
    """One page of invoices; `total` counts the invoices of all pages."""

    object: Literal["list"] = "list"
    data: list[Invoice]
    """The invoices of this page."""
    has_more: bool
    """Whether there are pages after this one."""
    total: int
    """How many invoices match, on all pages."""
    page: int
    """Which page this is, from 1."""
    per_page: int
    """The most invoices of one page."""
    total_pages: int
    """How many pages there are; 1 if nothing matches."""
    totals: InvoiceTotals
    """The sums over all pages."""


class HistoryEntry(Struct, frozen=True, kw_only=True):
    """One event in the history of an invoice. `by` says what kind of caller did it; it never holds a person's name."""

    id: str
    """`evt_` and the position of the event in the log."""
    type: Literal["create", "update", "void", "unvoid", "storno", "delete", "erase"]
    """What happened."""
    type_label: str
    """What happened, as a heading."""
    message: str
    """What happened, in a sentence."""
    icon: str
    """The name of an icon for it."""
    by: str
    """What kind of caller did it, with ids: a user and a session, a user and a key, or the service."""
    created_at: str
    """When it happened, ISO 8601 in UTC."""


class Pagination(Struct, frozen=True, kw_only=True):
    """Which page this is, and how many pages there are."""

    page: int
    """Which page this is, from 1."""
    per_page: int
    """The most entries of one page."""
    total: int
    """How many entries there are, on all pages."""
    total_pages: int
    """How many pages there are."""


class InvoiceHistory(Struct, frozen=True, kw_only=True):
    """One page of the history of an invoice, oldest event first."""

    object: Literal["list"] = "list"
    data: list[HistoryEntry]
    """The events of this page."""
    pagination: Pagination
    """Which page this is."""
