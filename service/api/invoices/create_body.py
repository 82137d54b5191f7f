"""From the body of POST /v1/invoices to the content of the invoice (CONTRACT.md section 9, D85, D91, D92 and D94)."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from schemas.api.bodies import CreateInvoiceBody
from schemas.values import IsoDate
from service.api.invoices.field_names import NAMES, OF_A_NEW_ONE
from service.api.invoices.invoice_client import client_faults, new_client
from service.api.invoices.lines import header_amounts, item_faults, lines_of
from service.api.reading.json_text import Tree
from service.api.reading.known_names import name_conflicts, other_values
from service.api.refusals.field_faults import FieldFault, invalid, missing
from service.documents.content import InvoiceContent
from service.documents.currencies import HOME_CURRENCY, decimals_of

DIGITS_KEPT_MAX: Final = 1000
"""The most digits and decimals of a number in `delegate`. PostgreSQL keeps 16,383 decimals at most. Python reads whole
numbers of 4,300 digits at most, in a time that grows with the square of the digits."""

RATES: Final = ("currency_rate", "exchange_rate")


def cross_check(fields: Mapping[str, Tree]) -> Iterator[FieldFault]:
    """The faults that show only when several fields are seen together."""
    if fields.get("client_id") is None and fields.get("client_data") is None:
        yield missing("client_id", "client_id or client_data is required.")
    yield from client_faults(fields.get("client_data"))
    yield from item_faults(fields.get("items"))
    yield from _rate_faults(fields)
    yield from name_conflicts(fields, NAMES)
    if holds_vast_number(fields.get("delegate")):
        yield invalid("delegate", f"an object whose numbers have at most {DIGITS_KEPT_MAX} digits and as many decimals")
    is_draft = fields.get("is_draft") == 1
    if fields.get("document_type") == "receipt" and not is_draft:
        yield invalid("document_type", "fiscal or proforma, or is_draft must be 1: no series here numbers receipts")
    if is_draft and fields.get("reservation_token") is not None:
        yield FieldFault("is_draft", "invalid_field_value", "A draft takes no number, so it cannot use a reservation.")
    status = {"status": "draft" if is_draft else "issued"}
    yield from other_values(fields, (OF_A_NEW_ONE, status), "cannot be chosen for a new invoice; leave it out.")


def rate_of_home(name: str) -> FieldFault:
    """The fault of a rate other than 1 for RON, sent under this name."""
    return invalid(name, f"1 for {HOME_CURRENCY}, or left out")


def _rate_faults(fields: Mapping[str, Tree]) -> Iterator[FieldFault]:
    currency = fields.get("currency", HOME_CURRENCY)
    named = {name: fields[name] for name in RATES if fields.get(name) is not None}
    if currency == HOME_CURRENCY:
        yield from (rate_of_home(name) for name, rate in named.items() if rate != 1 or isinstance(rate, bool))
    # Text that is no currency needs no rate; it has a fault of its own.
    elif isinstance(currency, str) and decimals_of(currency) is not None and not named:
        yield missing("currency_rate", f"currency_rate is required: how many RON one {currency} is worth.")


def holds_vast_number(tree: Tree) -> bool:
    """Whether a number is too long to be kept as it was sent: PostgreSQL and Python have limits that JSON has not."""
    match tree:
        case Decimal():
            exponent = tree.as_tuple().exponent
            return tree.adjusted() >= DIGITS_KEPT_MAX or not isinstance(exponent, int) or exponent < -DIGITS_KEPT_MAX
        case dict():
            return any(holds_vast_number(each) for each in tree.values())
        case list():
            return any(holds_vast_number(each) for each in tree)
        case _:
            return False


def content_of(body: CreateInvoiceBody, day: date) -> InvoiceContent:
    """The content of the invoice of this day, with amounts. Raises RefusedError if they are too large to be exact."""
    items = lines_of(body.items, day, body.currency)
    rate = Decimal(1) if body.currency == HOME_CURRENCY else body.currency_rate or body.exchange_rate
    assert rate is not None, "cross_check refuses a foreign currency without a rate"
    amounts, amounts_ron = header_amounts(items, body.currency, rate)
    due_date = body.due_date or body.due_at
    return InvoiceContent(
        document_type=body.document_type,
        client_id=body.client_id,
        client=new_client(body.client_id, body.client_data),
        currency=body.currency,
        exchange_rate=rate,
        items=items,
        amounts=amounts,
        amounts_ron=amounts_ron,
        due_date=None if due_date is None else IsoDate(due_date.isoformat()),
        payment_method=body.payment_method,
        payment_type=body.payment_type,
        payment_installments=body.payment_installments,
        notes=body.notes,
        observations=body.observation if body.observations is None else body.observations,
        info=body.info,
        efactura_enabled=body.efactura_enabled,
        spv_environment=body.spv_environment,
        with_vat_inverted=body.with_vat_inverted,
        send_email=body.send_email,
        email_address=body.email_address,
        with_delegate=body.with_delegate,
        delegate=body.delegate,
    )
