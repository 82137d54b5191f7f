"""Deletes a draft, or a voided invoice whose number is the last one taken (CONTRACT.md D54)."""

from typing import Final

from schemas.api.invoice import DeletedInvoice
from schemas.commands import DeleteDocument, DeleteDraft
from schemas.rejections import DocumentNotDeletable, DocumentNotLast, DocumentUnknown
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.invoices.show import INVOICES, document_of, show_deleted
from service.documents.facts import DraftFacts
from service.writer.request import Answered


async def delete_invoice(call: Call) -> Answered:
    """DELETE /v1/invoices/{id}: a draft, or a voided invoice whose number is the last one taken (CONTRACT.md D54)."""
    facts = await document_of(call, call.document_id())
    if isinstance(facts, DraftFacts):
        return await call.submit(DeleteDraft(facts.document_id))
    return await call.submit(
        DeleteDocument(facts.series_id, facts.number, facts.full_number, facts.document_id, facts.issued_date)
    )


ROUTES: Final = (
    Route(
        method="DELETE",
        path=INVOICES + "/{id}",
        tag="Invoices",
        handle=delete_invoice,
        show=show_deleted,
        summary="Delete a draft, or a voided invoice with the last number taken",
        about=(
            "The counter stays: the number of a deleted invoice is withdrawn, an explained gap. A deleted invoice is "
            "found nowhere."
        ),
        reply=DeletedInvoice,
        refusals=(DocumentUnknown, DocumentNotDeletable, DocumentNotLast),
    ),
)
