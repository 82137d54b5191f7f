"""What documents say, written and read back."""

import hashlib
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from schemas.api.bodies import CreateInvoiceBody, ItemBody
from schemas.values import Digest
from service.api.invoices.create_body import content_of
from service.documents.content import InvoiceContent, open_invoice, seal_content
from service.log.event_log import Content

SALT: Final = b"salt of a test.."


def an_invoice() -> InvoiceContent:
    item = ItemBody(description="Paper", quantity=Decimal("2.50"), price=Decimal("10.123456789012345678901234567"))
    delegate = {"a": [Decimal("1.50"), Decimal("1E+400"), 10**22, 7, "1.5", None, True]}
    return content_of(CreateInvoiceBody(items=[item], client_id="c", delegate=delegate), date(2026, 3, 4))


def test_a_body_is_read_back_to_the_last_digit() -> None:
    content = an_invoice()

    found = open_invoice(seal_content(content, SALT))

    assert repr(found) == repr(content)


def test_a_body_with_its_amounts_as_texts_is_still_read() -> None:
    content = an_invoice()
    body = msgspec.json.encode(content, order="deterministic")
    assert b'"quantity":"2.50"' in body

    found = open_invoice(Content(Digest(hashlib.sha256(SALT + body).hexdigest()), SALT, body))

    assert (found.items, found.amounts, found.exchange_rate) == (content.items, content.amounts, content.exchange_rate)
