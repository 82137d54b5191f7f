"""The content of an invoice after an update: what was sent replaces what it has (CONTRACT.md section 6.2, D94)."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from schemas.api.bodies import UpdateInvoiceBody
from schemas.api.invoice import Item
from schemas.values import IsoDate, SeriesId
from service.api.invoices.create_body import DIGITS_KEPT_MAX, RATES, holds_vast_number, rate_of_home
from service.api.invoices.field_names import NAMES
from service.api.invoices.invoice_client import changed_client, client_faults
from service.api.invoices.lines import header_amounts, item_faults, lines_of, priced, says_the_same
from service.api.reading.json_text import Tree
from service.api.reading.known_names import name_conflicts
from service.api.refusals.field_faults import FieldFault, invalid, missing
from service.api.refusals.table import bad_fields
from service.documents.content import InvoiceContent
from service.documents.currencies import HOME_CURRENCY, decimals_of

_KEPT_AS_SENT: Final = (
    "document_type",
    "efactura_enabled",
    "spv_environment",
    "with_vat_inverted",
    "payment_method",
    "payment_type",
    "payment_installments",
    "send_email",
    "email_address",
    "with_delegate",
    "delegate",
)


def merged(said: InvoiceContent, body: UpdateInvoiceBody, date_now: IsoDate) -> InvoiceContent:
    """The new content of an invoice that has the date `date_now`.

    Raises RefusedError for what is wrong only in this invoice, such as a currency without a rate. Amounts are computed
    only if lines, currency or rate change, so what was printed is kept; totals that the client sends are ignored.
    """
    currency, rate = _currency(said, body)
    items = _lines(said, body, currency, date.fromisoformat(new_date(body) or date_now))
    amounts, amounts_ron = said.amounts, said.amounts_ron
    if items is not said.items or rate != said.exchange_rate:
        amounts, amounts_ron = header_amounts(items, currency, rate)
    client_id = said.client_id if body.client_id is UNSET else body.client_id
    client = said.client
    if client_id != said.client_id or body.client_data is not UNSET:
        client = changed_client(said.client, client_id, body.client_data)
    return replace(
        said,
        items=items,
        currency=currency,
        exchange_rate=rate,
        amounts=amounts,
        amounts_ron=amounts_ron,
        client_id=client_id,
        client=client,
        due_date=_due_date(said, body),
        **{name: value for name in _KEPT_AS_SENT if (value := getattr(body, name)) is not UNSET},
        **_texts(said, body),
    )


def cross_check(fields: Mapping[str, Tree]) -> Iterator[FieldFault]:
    """The faults that show only when several fields are seen together."""
    yield from item_faults(fields.get("items"))
    yield from name_conflicts(fields, NAMES, is_null_a_value=True)
    yield from client_faults(fields.get("client_data"), is_null_a_value=True)
    if holds_vast_number(fields.get("delegate")):
        yield invalid("delegate", f"an object whose numbers have at most {DIGITS_KEPT_MAX} digits and as many decimals")


def new_date(body: UpdateInvoiceBody) -> IsoDate | None:
    """The new date, if the update has one."""
    day = body.date if body.date_at is UNSET else body.date_at
    return None if day is UNSET else IsoDate(day.isoformat())


def new_series(said: InvoiceContent, body: UpdateInvoiceBody) -> SeriesId | None:
    """The series that a draft names after this update."""
    if body.series_id is UNSET:
        return said.series_id
    return None if body.series_id is None else SeriesId(body.series_id)


def _currency(said: InvoiceContent, body: UpdateInvoiceBody) -> tuple[str, Decimal]:
    """The currency and its rate. A code that was accepted before D91 may stay, and nothing may change to it."""
    currency = said.currency if body.currency is UNSET else body.currency
    if currency != said.currency and decimals_of(currency) is None:
        raise bad_fields([invalid("currency", "the code of a currency in ISO 4217, such as RON")])
    named = {name: rate for name in RATES if (rate := getattr(body, name)) is not UNSET}
    if currency == HOME_CURRENCY:
        if faults := [rate_of_home(name) for name, rate in named.items() if rate != 1]:
            raise bad_fields(faults)
        return currency, Decimal(1)
    if named:
        return currency, next(iter(named.values()))
    if currency == said.currency:
        return currency, said.exchange_rate
    raise bad_fields([missing("exchange_rate", f"exchange_rate is required: how many RON one {currency} is worth.")])


def _lines(said: InvoiceContent, body: UpdateInvoiceBody, currency: str, day: date) -> list[Item]:
    """The lines; those that the invoice has, with the amounts that were printed, if they say the same."""
    lines = said.items if body.items is UNSET else lines_of(body.items, day, currency)
    if currency != said.currency:
        return priced(lines, currency)
    return said.items if says_the_same(lines, said.items) else lines


def _due_date(said: InvoiceContent, body: UpdateInvoiceBody) -> IsoDate | None:
    day = body.due_date if body.due_at is UNSET else body.due_at
    if day is UNSET:
        return said.due_date
    return None if day is None else IsoDate(day.isoformat())


def _texts(said: InvoiceContent, body: UpdateInvoiceBody) -> dict[str, str | None]:
    """The new `info`, under any of its names; two of these names are also fields of their own.

    A field that is named with the text it has says nothing of the others: a caller that sends back what it read names
    all of them. Raises RefusedError if two names give `info` different texts.
    """
    found: dict[str, str | None] = {}
    if body.info is not UNSET and body.info != said.info:
        found["info"] = body.info
    for kept_as, name, text in (
        ("observations", "observation", body.observation),
        ("observations", "observations", body.observations),
        ("notes", "notes", body.notes),
    ):
        if text is UNSET:
            continue
        before = getattr(said, kept_as)
        found[kept_as] = text
        # Only replies call the field `observations`; a caller that writes `observation` always means `info`.
        if text == before and (name != "observation" or text == said.info):
            continue
        if found.get("info", text) != text:
            words = f"{name} is another name of info; send one, or the same text in both."
            raise bad_fields([FieldFault(name, "invalid_field_value", words)])
        if body.info is UNSET and (text is not None or said.info == before):
            found["info"] = text
    return found
