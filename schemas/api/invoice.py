"""The invoice as clients see it (CONTRACT.md section 5.3). A missing value is null, a missing list is empty (D78)."""

from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct


class Client(Struct, frozen=True, kw_only=True):
    """The client on an invoice. If the request gave only an id, only `id` is known and the other fields are null."""

    id: str | None
    object: Literal["client"] = "client"
    name: str | None = None
    type: str | None = None
    email: str | None = None
    phone: str | None = None
    cui: str | None = None
    cui_prefix: str | None = None
    rc: str | None = None
    address: str | None = None
    city: str | None = None
    county: str | None = None
    country: str | None = None
    postal_code: str | None = None
    iban: str | None = None
    bank_name: str | None = None
    contact_person: str | None = None
    notes: str | None = None
    is_active: bool | None = None
    is_firm: bool | None = None
    created_at: int | None = None
    modified_at: str | None = None


class Item(Struct, frozen=True, kw_only=True):
    """One line of an invoice; `id` is its place, from 1. Amounts have two decimals; quantity and price are as sent."""

    id: int
    product_id: str | None
    description: str | None
    description_extended: str | None
    quantity: Decimal
    price: Decimal
    vat_rate: int
    vat_key: int | None
    unit: str
    ubl_um: str
    ubl_nc: str | None
    ubl_cpv: str | None
    subtotal: Decimal
    vat_amount: Decimal
    total: Decimal
    save_as_product: bool


class Invoice(Struct, frozen=True, kw_only=True):
    """A fiscal invoice, proforma or draft.

    `number` is text, padded to five digits. `number_idx` is the same number as an integer. In a draft both are null.
    """

    id: str
    object: Literal["invoice"] = "invoice"
    number: str | None
    number_idx: int | None
    series: str | None
    series_id: str | None
    full_number: str | None
    date: str
    due_date: str | None
    client_id: str | None
    client: Client | None
    currency: str
    exchange_rate: Decimal
    subtotal: Decimal
    vat_amount: Decimal
    total: Decimal
    subtotal_ron: Decimal
    vat_amount_ron: Decimal
    total_ron: Decimal
    items: list[Item]
    payments: list[dict[str, Any]]
    status: Literal["draft", "issued", "paid", "overdue", "voided"]
    is_paid: bool
    paid_at: str | None
    is_void: bool
    is_voided: bool
    voided_at: str | None
    void_reason: str | None
    is_draft: bool
    is_storno: bool
    storno_for: str | None
    storno_bill_id: str | None
    document_type: Literal["fiscal", "proforma", "receipt"]
    payment_method: str | None
    payment_type: str | None
    payment_installments: int | None
    notes: str | None
    observations: str | None
    info: str | None
    efactura_enabled: bool
    efactura_status: str | None
    efactura_submission_id: str | None
    spv_environment: str | None
    with_vat_inverted: bool | None
    send_email: bool | None
    email_address: str | None
    with_delegate: bool | None
    delegate: dict[str, Any] | None
    created_at: str
    modified_at: str


class DeletedInvoice(Struct, frozen=True, kw_only=True):
    """The reply to the deletion of an invoice."""

    id: str
    object: Literal["invoice"] = "invoice"
    deleted: Literal[True] = True
    deleted_at: str


class InvoiceTotals(Struct, frozen=True, kw_only=True):
    """The sums over all pages of a list, in RON. Drafts and voided invoices do not count."""

    subtotal: Decimal
    vat: Decimal
    total: Decimal
    paid: Decimal
    unpaid: Decimal


class InvoiceList(Struct, frozen=True, kw_only=True):
    """One page of invoices; `total` counts the invoices of all pages."""

    object: Literal["list"] = "list"
    data: list[Invoice]
    has_more: bool
    total: int
    page: int
    per_page: int
    total_pages: int
    totals: InvoiceTotals


class HistoryEntry(Struct, frozen=True, kw_only=True):
    """One event in the history of an invoice. `by` says what kind of caller did it; it never holds a person's name."""

    id: str
    type: Literal["create", "update", "void", "unvoid", "storno", "delete"]
    type_label: str
    message: str
    icon: str
    by: str
    created_at: str


class Pagination(Struct, frozen=True, kw_only=True):
    """Which page this is, and how many pages there are."""

    page: int
    per_page: int
    total: int
    total_pages: int


class InvoiceHistory(Struct, frozen=True, kw_only=True):
    """One page of the history of an invoice, oldest event first."""

    object: Literal["list"] = "list"
    data: list[HistoryEntry]
    pagination: Pagination
