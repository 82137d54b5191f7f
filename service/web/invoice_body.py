"""From the body of POST /v1/invoices to what is kept of the invoice (contract.md section 9, D29, D79, D85)."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from schemas.api.bodies import ClientData, CreateInvoiceBody, ItemBody
from schemas.api.fields import ITEMS_MAX
from schemas.api.invoice import Client, Item
from schemas.values import DocumentType, IsoDate
from service.documents import Amounts, InvoiceContent
from service.web.errors import bad_fields
from service.web.field_faults import FieldFault, invalid, missing
from service.web.json_text import Tree
from service.web.totals import AMOUNT_MAX, at_rate, is_exact_in_json, line_amounts, sum_amounts

HOME_CURRENCY: Final = "RON"


def cross_check(fields: Mapping[str, Tree]) -> Iterator[FieldFault]:
    """What is wrong with the fields together, and what this service does not do."""
    if fields.get("client_id") is None and fields.get("client_data") is None:
        yield missing("client_id", "client_id or client_data is required.")
    yield from _item_faults(fields.get("items"))
    currency = fields.get("currency", HOME_CURRENCY)
    if currency != HOME_CURRENCY and isinstance(currency, str) and fields.get("currency_rate") is None:
        yield missing("currency_rate", f"currency_rate is required for {currency[:3]}: how many RON one is worth.")
    if fields.get("document_type") == "receipt":
        yield invalid("document_type", "fiscal or proforma: receipts have no series here")
    if fields.get("is_draft") == 1:
        yield _draft_fault(fields)


def content_of(body: CreateInvoiceBody) -> InvoiceContent:
    """What is kept of the invoice, its amounts computed. Raises RefusedError if they are too large to be exact."""
    items = [_item(place, item) for place, item in enumerate(body.items, start=1)]
    amounts = sum_amounts(Amounts(item.subtotal, item.vat_amount, item.total) for item in items)
    is_foreign = body.currency != HOME_CURRENCY and body.currency_rate is not None
    rate = body.currency_rate if is_foreign and body.currency_rate is not None else Decimal(1)
    amounts_ron = at_rate(amounts, rate)
    if not (is_exact_in_json(amounts) and is_exact_in_json(amounts_ron)):
        raise bad_fields([invalid("items", f"worth at most {AMOUNT_MAX:,f} together")])
    return InvoiceContent(
        document_type=DocumentType(body.document_type),
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


def _item_faults(items: Tree) -> Iterator[FieldFault]:
    """A line says what it is for; no catalogue is kept here that a product could be looked up in."""
    for place, item in enumerate(items[:ITEMS_MAX] if isinstance(items, list) else ()):
        if isinstance(item, dict) and item.get("description") is None and item.get("product_czuid") is None:
            yield missing(f"items.{place}.description", f"items.{place} needs a description or a product_czuid.")


def _draft_fault(fields: Mapping[str, Tree]) -> FieldFault:
    if fields.get("reservation_token") is not None:
        return FieldFault("is_draft", "invalid_field_value", "A draft takes no number; it cannot use a reservation.")
    return FieldFault("is_draft", "invalid_field_value", "Drafts are not kept by this release; send is_draft 0.")


def _item(place: int, item: ItemBody) -> Item:
    amounts = line_amounts(item.quantity, item.price, item.vat_rate)
    return Item(
        id=place,
        product_id=item.product_czuid,
        description=item.description,
        description_extended=item.description_extended,
        quantity=plain(item.quantity),
        price=plain(item.price),
        vat_rate=item.vat_rate,
        vat_key=item.vat_key,
        unit=item.unit,
        ubl_um=item.ubl_um,
        ubl_nc=item.ubl_nc,
        ubl_cpv=item.ubl_cpv,
        subtotal=amounts.subtotal,
        vat_amount=amounts.vat_amount,
        total=amounts.total,
        save_as_product=item.save_as_product,
    )


def _client(client_id: str | None, data: ClientData | None) -> Client | None:
    """The client in the words of replies, which are not those of requests."""
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


def plain(number: Decimal) -> Decimal:
    """The same number without an exponent, so that every client reads it."""
    return Decimal(f"{number:f}")
