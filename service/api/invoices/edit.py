"""Invoices over HTTP: update, reversal (storno) and deletion (CONTRACT.md sections 6.2 and 10)."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from schemas.api.bodies import UpdateInvoiceBody
from schemas.api.invoice import DeletedInvoice, Invoice
from schemas.commands import (
    ChangeDocument,
    Command,
    DeleteDocument,
    DeleteDraft,
    Document,
    ReverseDocument,
    SaveDraft,
)
from schemas.rejections import (
    ChronologyViolated,
    DocumentAlreadyReversed,
    DocumentAlreadyVoided,
    DocumentChangedMeanwhile,
    DocumentIsReversal,
    DocumentNotDeletable,
    DocumentNotLast,
    DocumentNotReversible,
    DocumentTypeMismatch,
    DocumentUnknown,
    Rejection,
    SeriesExhausted,
    SeriesLockedToDevice,
    SeriesLockedToOtherDevice,
    SeriesUnknown,
    YearFixed,
)
from schemas.values import DocumentType, IsoDate, SeriesId
from service.api.call import Call
from service.api.invoices.drafts import check_series
from service.api.invoices.issue import INVOICES
from service.api.invoices.lines import header_amounts, negated
from service.api.invoices.show import document_of
from service.api.invoices.update_body import cross_check, merged, new_date
from service.api.refusals.causes import ContentErased
from service.api.refusals.field_faults import FieldFault
from service.api.refusals.table import bad_fields, refused
from service.api.route import Route
from service.documents.content import InvoiceContent, open_invoice
from service.documents.facts import DraftFacts, Facts, NumberedFacts
from service.documents.new import new_document_id, sealed
from service.log.event_log import Content
from service.writer.request import Answered

ATTEMPTS_MAX: Final = 5
"""How often a change is made anew from what somebody else made of the invoice meanwhile."""

Asking = tuple[Command, Content | None]


async def update_invoice(call: Call) -> Answered:
    """PUT and PATCH /v1/invoices/{id}: header fields and lines; the number stays (CONTRACT.md D38 and D76)."""
    body = call.body(UpdateInvoiceBody, cross_check)

    async def change() -> Asking:
        facts = await document_of(call, call.document_id())
        said = await _said_of(call, facts)
        if isinstance(facts, DraftFacts):
            return await _draft_change(call, body, facts, said)
        return _change(call, body, facts, said)

    return await _on_what_was_read(call, change)


async def reverse_invoice(call: Call) -> Answered:
    """POST /v1/invoices/{id}/storno: a reversal, dated today, with the next number (CONTRACT.md D54a, D71, D83)."""

    async def reverse() -> Asking:
        facts = await document_of(call, call.document_id())
        if isinstance(facts, DraftFacts):
            raise refused(DocumentNotReversible(facts.document_id))
        content = sealed(_reversal(await _said_of(call, facts)))
        today = IsoDate(call.parts.today().isoformat())
        reversal = Document(new_document_id(), DocumentType.FISCAL, today, content.digest)
        command = ReverseDocument(
            facts.series_id, facts.number, facts.full_number, facts.document_id, facts.content, reversal
        )
        return command, content

    return await _on_what_was_read(call, reverse)


async def delete_invoice(call: Call) -> Answered:
    """DELETE /v1/invoices/{id}: a draft, or a voided invoice whose number is the last one taken (CONTRACT.md D54)."""
    facts = await document_of(call, call.document_id())
    if isinstance(facts, DraftFacts):
        return await call.submit(DeleteDraft(facts.document_id))
    return await call.submit(
        DeleteDocument(facts.series_id, facts.number, facts.full_number, facts.document_id, facts.issued_date)
    )


async def _on_what_was_read(call: Call, make: Callable[[], Awaitable[Asking]]) -> Answered:
    """Have done what `make` asks; made anew if the invoice was changed between reading it and writing."""
    answer: Answered | Rejection | None = None
    for _ in range(ATTEMPTS_MAX):
        command, content = await make()
        answer = await call.attempt(command, content)
        if not isinstance(answer, DocumentChangedMeanwhile):
            break
    assert answer is not None, "there is at least one attempt"
    if not isinstance(answer, Answered):
        raise refused(answer)
    return answer


async def _said_of(call: Call, facts: Facts) -> InvoiceContent:
    """What the document says. Raises RefusedError if that was erased, and LogUnavailableError."""
    content = (await call.parts.log.contents([facts.content])).get(facts.content)
    if content is None:
        raise refused(ContentErased(facts.document_id))
    return open_invoice(content)


def _change(call: Call, body: UpdateInvoiceBody, facts: NumberedFacts, said: InvoiceContent) -> Asking:
    if body.series_id is not None:
        words = "series_id can be changed on drafts only: a numbered invoice keeps its series and number."
        raise bad_fields([FieldFault("series_id", "invalid_field_value", words)])
    now_says = merged(said, body, call.names())
    content = None if now_says == said else sealed(now_says)
    command = ChangeDocument(
        series_id=facts.series_id,
        number=facts.number,
        full_number=facts.full_number,
        document_id=facts.document_id,
        issued_date=facts.issued_date,
        date=new_date(body) or facts.date,
        content_before=facts.content,
        content=facts.content if content is None else content.digest,
        is_chronology_checked=body.force_chronology,
    )
    return command, content


async def _draft_change(call: Call, body: UpdateInvoiceBody, facts: DraftFacts, said: InvoiceContent) -> Asking:
    given = call.names()
    now_says = merged(said, body, given)
    if "series_id" in given:
        series_id = None if body.series_id is None else SeriesId(body.series_id)
        await check_series(call, series_id, now_says)
        now_says = replace(now_says, series_id=series_id)
    now_says = replace(now_says, date=new_date(body) or said.date)
    content = None if now_says == said else sealed(now_says)
    digest = facts.content if content is None else content.digest
    return SaveDraft(facts.document_id, digest, facts.content), content


def _reversal(said: InvoiceContent) -> InvoiceContent:
    """What takes an invoice back: its lines negated, under the same rate."""
    items = [negated(line) for line in said.items]
    amounts, amounts_ron = header_amounts(items, Decimal(said.exchange_rate))
    return replace(said, items=items, amounts=amounts, amounts_ron=amounts_ron, due_date=None)


def _update_route(method: str) -> Route:
    return Route(
        method=method,
        path=INVOICES + "/{id}",
        handle=update_invoice,
        summary="Change an invoice or a draft; a number stays as it is",
        body=UpdateInvoiceBody,
        reply=Invoice,
        refusals=(
            DocumentUnknown,
            ContentErased,
            SeriesUnknown,
            DocumentTypeMismatch,
            DocumentAlreadyVoided,
            DocumentIsReversal,
            DocumentAlreadyReversed,
            YearFixed,
            ChronologyViolated,
            DocumentChangedMeanwhile,
        ),
    )


ROUTES: Final = (
    _update_route("PUT"),
    _update_route("PATCH"),
    Route(
        method="POST",
        path=INVOICES + "/{id}/storno",
        handle=reverse_invoice,
        summary="Reverse an invoice by another one, which takes the next number",
        reply=Invoice,
        refusals=(
            DocumentUnknown,
            ContentErased,
            DocumentNotReversible,
            DocumentAlreadyReversed,
            SeriesLockedToDevice,
            SeriesLockedToOtherDevice,
            DocumentChangedMeanwhile,
            SeriesExhausted,
        ),
    ),
    Route(
        method="DELETE",
        path=INVOICES + "/{id}",
        handle=delete_invoice,
        summary="Delete a draft, or a voided invoice with the last number taken",
        reply=DeletedInvoice,
        refusals=(DocumentUnknown, DocumentNotDeletable, DocumentNotLast),
    ),
)
