"""Voids an invoice, and lets it count again; its number stays (CONTRACT.md section 10)."""

from types import MappingProxyType
from typing import Final

from schemas.api.bodies import VoidBody
from schemas.api.invoice import Invoice
from schemas.commands import UnvoidDocument, UnvoidDraft, VoidDocument, VoidDraft
from schemas.rejections import (
    DocumentAlreadyReversed,
    DocumentAlreadyVoided,
    DocumentNotVoided,
    DocumentUnknown,
    DraftCannotBeUnvoided,
    ReversalOfVoided,
)
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.invoices.fixed_fields import refuse_named_fields
from service.api.invoices.show import INVOICES, document_of, show_invoice
from service.api.reading.known_names import name_conflicts, names_of
from service.documents.content import VoidContent
from service.documents.facts import DraftFacts
from service.documents.new import sealed
from service.writer.request import Answered


async def void_invoice(call: Call) -> Answered:
    """POST /v1/invoices/{id}/void: the invoice no longer counts; its number stays (CONTRACT.md D61)."""
    body = call.body(VoidBody, lambda fields: name_conflicts(fields, (("reason", "void_reason"),)))
    facts = await document_of(call, call.document_id())
    await refuse_named_fields(call, facts, _VOIDED, but=names_of(VoidBody))
    reason = body.reason or body.void_reason
    content = None if reason is None else sealed(VoidContent(reason))
    digest = None if content is None else content.digest
    command: VoidDraft | VoidDocument
    if isinstance(facts, DraftFacts):
        command = VoidDraft(facts.document_id, digest)
    else:
        command = VoidDocument(facts.series_id, facts.number, facts.full_number, facts.document_id, digest)
    return await call.submit(command, content)


async def unvoid_invoice(call: Call) -> Answered:
    """POST /v1/invoices/{id}/unvoid: the invoice counts again, under the same number (CONTRACT.md D62)."""
    facts = await document_of(call, call.document_id())
    await refuse_named_fields(call, facts, _UNVOIDED)
    if isinstance(facts, DraftFacts):
        return await call.submit(UnvoidDraft(facts.document_id))
    return await call.submit(UnvoidDocument(facts.series_id, facts.number, facts.full_number, facts.document_id))


_VOIDED: Final = MappingProxyType({"is_void": True, "is_voided": True, "status": "voided"})
_UNVOIDED: Final = MappingProxyType(
    {"is_void": False, "is_voided": False, "voided_at": None, "void_reason": None, "status": "issued"}
)

ROUTES: Final = (
    Route(
        method="POST",
        path=INVOICES + "/{id}/void",
        tag="Invoices",
        handle=void_invoice,
        show=show_invoice,
        summary="Void an invoice; it keeps its number",
        about=(
            "The invoice no longer counts, but stays visible under its number. No reversal is made, and the lock of "
            "the series does not matter."
        ),
        body=VoidBody,
        reply=Invoice,
        refusals=(DocumentUnknown, DocumentAlreadyVoided, DocumentAlreadyReversed),
    ),
    Route(
        method="POST",
        path=INVOICES + "/{id}/unvoid",
        tag="Invoices",
        handle=unvoid_invoice,
        show=show_invoice,
        summary="Let a voided invoice count again, under the same number",
        about="Dates, newer numbers and the lock of the series do not matter. A voided draft stays voided.",
        reply=Invoice,
        refusals=(
            DocumentUnknown,
            DraftCannotBeUnvoided,
            DocumentNotVoided,
            DocumentAlreadyReversed,
            ReversalOfVoided,
        ),
    ),
)
