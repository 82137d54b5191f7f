"""The content of an invoice after an update: fields that were sent replace those it has (CONTRACT.md section 6.2)."""

from collections.abc import Iterator, Mapping, Set
from decimal import Decimal

from msgspec.structs import replace

from schemas.api.bodies import UpdateInvoiceBody
from schemas.api.invoice import Client
from schemas.values import IsoDate
from service.api.invoices.lines import HOME_CURRENCY, header_amounts, item_faults, lines_of
from service.api.reading.json_text import Tree
from service.api.refusals.field_faults import FieldFault, missing
from service.api.refusals.table import bad_fields
from service.documents.content import InvoiceContent


def merged(said: InvoiceContent, body: UpdateInvoiceBody, given: Set[str]) -> InvoiceContent:
    """The new content. `given` are the names that were sent. Raises RefusedError for a currency without a rate.

    Totals are computed from the lines; totals that the client sends are ignored.
    """
    items = said.items if body.items is None else lines_of(body.items)
    rate = _rate(said, body)
    amounts, amounts_ron = header_amounts(items, rate)
    is_other_client = body.client_id is not None and body.client_id != said.client_id
    return replace(
        said,
        items=items,
        currency=body.currency or said.currency,
        exchange_rate=rate,
        amounts=amounts,
        amounts_ron=amounts_ron,
        client_id=body.client_id or said.client_id,
        client=Client(id=body.client_id) if is_other_client else said.client,
        due_date=_due_date(said, body, given),
        **_texts(body, given),
    )


def cross_check(fields: Mapping[str, Tree]) -> Iterator[FieldFault]:
    """The faults that show only when several fields are seen together."""
    return item_faults(fields.get("items"))


def new_date(body: UpdateInvoiceBody) -> IsoDate | None:
    """The new date, if the update has one."""
    date = body.date_at or body.date
    return None if date is None else IsoDate(date.isoformat())


def _rate(said: InvoiceContent, body: UpdateInvoiceBody) -> Decimal:
    currency = body.currency or said.currency
    if currency == HOME_CURRENCY:
        return Decimal(1)
    if body.exchange_rate is not None:
        return body.exchange_rate
    if currency == said.currency:
        return said.exchange_rate
    raise bad_fields([missing("exchange_rate", f"exchange_rate is required: how many RON one {currency} is worth.")])


def _due_date(said: InvoiceContent, body: UpdateInvoiceBody, given: Set[str]) -> IsoDate | None:
    if not given & {"due_at", "due_date"}:
        return said.due_date
    date = body.due_at if "due_at" in given else body.due_date
    return None if date is None else IsoDate(date.isoformat())


def _texts(body: UpdateInvoiceBody, given: Set[str]) -> dict[str, str | None]:
    """The new `info`, sent under any of its three names; two of these names are also fields of their own."""
    found: dict[str, str | None] = {}
    for name, kept_as, text in (
        ("notes", "notes", body.notes),
        ("observation", "observations", body.observation),
        ("info", "info", body.info),
    ):
        if name in given:
            found |= {"info": text, kept_as: text}
    return found
