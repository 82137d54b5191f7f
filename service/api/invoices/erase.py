"""Erases what an invoice says, or only who the customer was (CONTRACT.md D111)."""

from typing import Final

from schemas.api.bodies import EraseBody
from schemas.api.invoice import Invoice
from schemas.rejections import DocumentHasChanged, DocumentUnknown
from service.api.calling.call import Call
from service.api.calling.rights import require_admin
from service.api.calling.route import Route
from service.api.invoices.show import INVOICES, document_of, invoice_of, show_invoice
from service.api.refusals.causes import NotAnAdmin
from service.api.refusals.table import refused
from service.documents.content import VoidContent
from service.documents.erasing import Erasing, erasing, erasure_of, said_by
from service.documents.facts import Facts
from service.documents.new import sealed
from service.writer.request import Answered

ATTEMPTS_MAX: Final = 5


async def erase_invoice(call: Call) -> Answered | Invoice:
    """POST /v1/invoices/{id}/erase: what it says is gone; a second erasure finds nothing, and shows the invoice."""
    require_admin(call)
    body = call.body(EraseBody)
    reason = sealed(VoidContent(body.reason))
    for _ in range(ATTEMPTS_MAX):
        facts = await document_of(call, call.document_id())
        left = await _left(call, facts, keeps_amounts=body.keep_amounts)
        if left is None:
            return await invoice_of(call, facts)
        command = erasure_of(facts, left, reason.digest)
        answer = await call.attempt(command, left.content, also=reason)
        if isinstance(answer, Answered):
            return answer
        if not isinstance(answer, DocumentHasChanged):
            raise refused(answer)
    raise refused(DocumentHasChanged(call.document_id()))


async def _left(call: Call, facts: Facts, *, keeps_amounts: bool) -> Erasing | None:
    """What would be left of the document; None if there is nothing to erase. Raises LogUnavailableError."""
    log = call.dependencies.log
    records = [each.record for each in await log.document(facts.document_id)]
    kept = await log.contents(said_by(records))
    return erasing(facts, kept, keeps_amounts=keeps_amounts)


ROUTES: Final = (
    Route(
        method="POST",
        path=INVOICES + "/{id}/erase",
        tag="Invoices",
        handle=erase_invoice,
        show=show_invoice,
        summary="Erase what an invoice says, or only who the customer was",
        about=(
            "For good, with all that it ever said before and why it was voided. Number, dates and events stay, and so "
            "do the gap report and the register. For an admin's session or an API key. "
            "A second erasure changes nothing."
        ),
        body=EraseBody,
        reply=Invoice,
        refusals=(DocumentUnknown, DocumentHasChanged, NotAnAdmin),
    ),
)
