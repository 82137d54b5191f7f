"""Reverses an invoice by another one, which takes the next number (storno; CONTRACT.md D54a, D71, D83)."""

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from schemas.api.invoice import Invoice
from schemas.commands import Document, ReverseDocument, ReverseDraft
from schemas.rejections import (
    DocumentAlreadyReversed,
    DocumentHasChanged,
    DocumentNotReversible,
    DocumentUnknown,
    PrintedAlready,
    SeriesExhausted,
    SeriesLockedToDevice,
    SeriesLockedToOtherDevice,
)
from schemas.values import DocumentType, IsoDate
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.invoices.attempts import Asking, on_what_was_read, said_of
from service.api.invoices.lines import header_amounts, negated
from service.api.invoices.show import INVOICES, document_of, show_invoice
from service.api.refusals.causes import ContentErased
from service.documents.content import InvoiceContent
from service.documents.facts import DraftFacts
from service.documents.new import new_document_id, sealed
from service.writer.request import Answered


async def reverse_invoice(call: Call) -> Answered:
    """POST /v1/invoices/{id}/storno: a reversal, dated today, with the next number (CONTRACT.md D54a, D71, D83)."""

    async def reverse() -> Asking:
        facts = await document_of(call, call.document_id())
        if isinstance(facts, DraftFacts):
            return ReverseDraft(facts.document_id), None
        content = sealed(_reversal(await said_of(call, facts)))
        today = IsoDate(call.dependencies.today().isoformat())
        reversal = Document(new_document_id(), DocumentType.FISCAL, today, content.digest)
        command = ReverseDocument(
            facts.series_id, facts.number, facts.full_number, facts.document_id, facts.content, reversal
        )
        return command, content

    return await on_what_was_read(call, reverse)


def _reversal(said: InvoiceContent) -> InvoiceContent:
    """The content of a reversal: the lines of the invoice negated, at the same exchange rate."""
    items = [negated(line) for line in said.items]
    amounts, amounts_ron = header_amounts(items, Decimal(said.exchange_rate))
    return replace(said, items=items, amounts=amounts, amounts_ron=amounts_ron, due_date=None)


ROUTES: Final = (
    Route(
        method="POST",
        path=INVOICES + "/{id}/storno",
        tag="Invoices",
        handle=reverse_invoice,
        show=show_invoice,
        summary="Reverse an invoice by another one, which takes the next number",
        reply=Invoice,
        refusals=(
            DocumentUnknown,
            ContentErased,
            DocumentNotReversible,
            DocumentAlreadyReversed,
            SeriesLockedToDevice,
            SeriesLockedToOtherDevice,
            DocumentHasChanged,
            SeriesExhausted,
            PrintedAlready,
        ),
    ),
)
