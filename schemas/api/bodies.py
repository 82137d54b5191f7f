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
    document_type: DocumentType
    description: Description | None = None
    start_number: Annotated[int, Meta(ge=1, le=NUMBER_MAX)] = 1
    is_primary: bool = False
    format: NumberFormat | None = None


class DescribeSeriesBody(Struct, frozen=True, kw_only=True):
    """PUT and PATCH /invoice-series/{id}."""

    description: Description | None = None


class UnlockBody(Struct, frozen=True, kw_only=True):
    """POST /invoice-series/{id}/unlock."""

    force: bool = False


class ReserveNumbersBody(Struct, frozen=True, kw_only=True):
    """POST /invoice-series/{id}/reserve-numbers."""

    count: Count = 10


class VoidBody(Struct, frozen=True, kw_only=True):
    """POST /invoices/{id}/void."""

    reason: Text | None = None


class ClientData(Struct, frozen=True, kw_only=True):
    """The client of an invoice, with all data given in the request."""

    name: Identifier
    type: Literal["b2b", "b2c"] = "b2b"
    email: Email | None = None
    phone: Label | None = None
    cui: Label | None = None
    rc: Label | None = None
    address: Text | None = None
    city: Label | None = None
    county: Label | None = None
    country: Label = "RO"
    postal_code: Label | None = None
    iban: Label | None = None
    bank: Label | None = None
    contact_person: Label | None = None
    notes: Text | None = None


class ItemBody(Struct, frozen=True, kw_only=True):
    """One line of an invoice. `description` may be left out if `product_czuid` is given."""

    quantity: Quantity
    price: Price
    description: Text | None = None
    description_extended: Text | None = None
    product_czuid: Identifier | None = None
    vat_rate: VatRate = 19
    vat_key: SmallCount | None = None
    unit: Label = "buc"
    ubl_um: Label = "H87"
    ubl_nc: Label | None = None
    ubl_cpv: Label | None = None
    save_as_product: Flag = False


class CreateInvoiceBody(Struct, frozen=True, kw_only=True):
    """POST /invoices. Either `client_id` or `client_data` is required."""

    items: Annotated[list[ItemBody], Meta(min_length=1, max_length=ITEMS_MAX)]
    client_id: Identifier | None = None
    client_data: ClientData | None = None
    series_id: SeriesReference | None = None
    reservation_token: Token | None = None
    client_local_uuid: Identifier | None = None
    force_chronology: bool = True
    date: Day | None = None
    due_date: Day | None = None
    currency: Currency = "RON"
    currency_rate: ExchangeRate | None = None
    document_type: Literal["fiscal", "proforma", "receipt"] = "fiscal"
    is_draft: Flag = False
    efactura_enabled: Flag = True
    spv_environment: Label | None = None
    with_vat_inverted: Flag | None = None
    payment_method: Label | None = None
    payment_type: Label | None = None
    payment_installments: SmallCount | None = None
    send_email: Flag | None = None
    email_address: Email | None = None
    with_delegate: Flag | None = None
    delegate: dict[str, Any] | None = None
    info: Text | None = None
    observations: Text | None = None
    notes: Text | None = None


class UpdateInvoiceBody(Struct, frozen=True, kw_only=True):
    """PUT and PATCH /invoices/{id}. A field that is left out stays as it is; `items` replaces all lines.

    If one field is sent under two names, the name that is listed first here counts. `observation` and `notes` are other
    names of `info`, and each is kept under its own name too. Null empties `due_at` and `info`; null in any other field
    changes nothing.
    """

    date_at: Day | None = None
    date: Day | None = None
    due_at: Day | None = None
    due_date: Day | None = None
    info: Text | None = None
    observation: Text | None = None
    notes: Text | None = None
    client_id: Identifier | None = None
    currency: Currency | None = None
    exchange_rate: ExchangeRate | None = None
    series_id: SeriesReference | None = None
    items: Annotated[list[ItemBody], Meta(min_length=1, max_length=ITEMS_MAX)] | None = None
    force_chronology: bool = True
