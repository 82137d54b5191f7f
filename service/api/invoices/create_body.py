"""From the body of POST /v1/invoices to the content of the invoice (CONTRACT.md section 9, D85)."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from schemas.api.bodies import ClientData, CreateInvoiceBody
from schemas.api.fields import CURRENCY_PATTERN
from schemas.api.invoice import Client
from schemas.values import IsoDate
from service.api.invoices.lines import HOME_CURRENCY, header_amounts, item_faults, lines_of
from service.api.reading.json_text import Tree
from service.api.refusals.field_faults import FieldFault, invalid, missing
from service.documents.content import InvoiceContent

DIGITS_KEPT_MAX: Final = 1000
"""The most digits and decimals of a number in `delegate`. PostgreSQL keeps 16,383 decimals at most. Python reads whole
numbers of 4,300 digits at most, in a time that grows with the square of the digits."""

_CURRENCY: Final = re.compile(CURRENCY_PATTERN)


def cross_check(fields: Mapping[str, Tree]) -> Iterator[FieldFault]:
    """The faults that show only when several fields are seen together."""
    if fields.get("client_id") is None and fields.get("client_data") is None:
        yield missing("client_id", "client_id or client_data is required.")
    yield from item_faults(fields.get("items"))
    currency = fields.get("currency", HOME_CURRENCY)
    if _is_foreign(currency) and fields.get("currency_rate") is None:
        yield missing("currency_rate", f"currency_rate is required: how many RON one {currency} is worth.")
    if _holds_vast_number(fields.get("delegate")):
        yield invalid("delegate", f"an object whose numbers have at most {DIGITS_KEPT_MAX} digits and as many decimals")
    is_draft = fields.get("is_draft") == 1
    if fields.get("document_type") == "receipt" and not is_draft:
        yield invalid("document_type", "fiscal or proforma, or is_draft must be 1: no series here numbers receipts")
    if is_draft and fields.get("reservation_token") is not None:
        yield FieldFault("is_draft", "invalid_field_value", "A draft takes no number, so it cannot use a reservation.")


def _holds_vast_number(tree: Tree) -> bool:
    """Whether a number is too long to be kept as it was sent: PostgreSQL and Python have limits that JSON has not."""
    match tree:
        case Decimal():
            exponent = tree.as_tuple().exponent
            return tree.adjusted() >= DIGITS_KEPT_MAX or not isinstance(exponent, int) or exponent < -DIGITS_KEPT_MAX
        case dict():
            return any(_holds_vast_number(each) for each in tree.values())
        case list():
            return any(_holds_vast_number(each) for each in tree)
        case _:
            return False


def _is_foreign(currency: Tree) -> bool:
    """Whether this is a currency other than RON. Text that is no currency needs no rate; it has a fault of its own."""
    return isinstance(currency, str) and currency != HOME_CURRENCY and _CURRENCY.fullmatch(currency) is not None


def content_of(body: CreateInvoiceBody) -> InvoiceContent:
    """The content of the invoice, with its amounts. Raises RefusedError if they are too large to be exact."""
    items = lines_of(body.items)
    is_foreign = body.currency != HOME_CURRENCY and body.currency_rate is not None
    rate = body.currency_rate if is_foreign and body.currency_rate is not None else Decimal(1)
    amounts, amounts_ron = header_amounts(items, rate)
    return InvoiceContent(
        document_type=body.document_type,
        client_id=body.client_id,
        client=_client(body.client_id, body.client_data),
        currency=body.currency,
        exchange_rate=rate,
        items=items,
        amounts=amounts,
        amounts_ron=amounts_ron,
        due_date=None if body.due_date is None else IsoDate(body.due_date.isoformat()),
        payment_method=body.payment_method,
        payment_type=body.payment_type,
        payment_installments=body.payment_installments,
        notes=body.notes,
        observations=body.observations,
        info=body.info,
        efactura_enabled=body.efactura_enabled,
        spv_environment=body.spv_environment,
        with_vat_inverted=body.with_vat_inverted,
        send_email=body.send_email,
        email_address=body.email_address,
        with_delegate=body.with_delegate,
        delegate=body.delegate,
    )


def _client(client_id: str | None, data: ClientData | None) -> Client | None:
    """The client with the field names of replies, which differ from those of requests."""
    if data is None:
        return None if client_id is None else Client(id=client_id)
    is_firm = data.type == "b2b"
    return Client(
        id=client_id,
        name=data.name,
        type="company" if is_firm else "individual",
        email=data.email,
        phone=data.phone,
        cui=data.cui,
        cui_prefix="RO" if data.cui is not None and data.cui.upper().startswith("RO") else None,
        rc=data.rc,
        address=data.address,
        city=data.city,
        county=data.county,
        country=data.country,
        postal_code=data.postal_code,
        iban=data.iban,
        bank_name=data.bank,
        contact_person=data.contact_person,
        notes=data.notes,
        is_active=True,
        is_firm=is_firm,
    )
