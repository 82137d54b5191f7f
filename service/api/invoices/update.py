"""Changes header fields and lines of an invoice; its number stays (CONTRACT.md section 6.2, D38, D76 and D89)."""

from typing import Final

from msgspec.structs import replace

from schemas.api.bodies import UpdateInvoiceBody
from schemas.api.invoice import Invoice
from schemas.commands import ChangeDocument, SaveDraft
from schemas.rejections import (
    DateAfterNext,
    DateBeforePrevious,
    DocumentAlreadyReversed,
    DocumentAlreadyVoided,
    DocumentHasChanged,
    DocumentIsReversal,
    DocumentTypeMismatch,
    DocumentUnknown,
    SeriesUnknown,
    YearFixed,
)
from schemas.values import SeriesId
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.invoices.attempts import Asking, on_what_was_read, said_of
from service.api.invoices.dates import with_new_date
from service.api.invoices.issue import draft_series
from service.api.invoices.show import INVOICES, document_of, show_invoice
from service.api.invoices.update_body import cross_check, merged, new_date
from service.api.refusals.causes import ContentErased
from service.api.refusals.field_faults import FieldFault
from service.api.refusals.table import bad_fields
from service.documents.content import InvoiceContent
from service.documents.facts import DraftFacts, NumberedFacts
from service.documents.new import sealed
from service.writer.request import Answered


async def update_invoice(call: Call) -> Answered:
    """PUT and PATCH /v1/invoices/{id}: header fields and lines; the number stays (CONTRACT.md D38 and D76)."""
    body = call.body(UpdateInvoiceBody, await with_new_date(call, cross_check))

    async def change() -> Asking:
        facts = await document_of(call, call.document_id())
        said = await said_of(call, facts)
        if isinstance(facts, DraftFacts):
            return _draft_change(call, body, facts, said)
        return _change(call, body, facts, said)

    return await on_what_was_read(call, change)


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
        date=new_date(body),
        content_before=facts.content,
        content=facts.content if content is None else content.digest,
        is_chronology_checked=body.force_chronology,
    )
    return command, content


def _draft_change(call: Call, body: UpdateInvoiceBody, facts: DraftFacts, said: InvoiceContent) -> Asking:
    given = call.names()
    now_says = merged(said, body, given)
    series = None
    if "series_id" in given:
        series_id = None if body.series_id is None else SeriesId(body.series_id)
        series = draft_series(series_id, now_says)
        now_says = replace(now_says, series_id=series_id)
    now_says = replace(now_says, date=new_date(body) or said.date)
    content = None if now_says == said else sealed(now_says)
    digest = facts.content if content is None else content.digest
    return SaveDraft(facts.document_id, digest, facts.content, series), content


def _update_route(method: str) -> Route:
    return Route(
        method=method,
        path=INVOICES + "/{id}",
        tag="Invoices",
        handle=update_invoice,
        show=show_invoice,
        summary="Change an invoice or a draft; its number stays as it is",
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
            DateBeforePrevious,
            DateAfterNext,
            DocumentHasChanged,
        ),
    )


ROUTES: Final = (_update_route("PUT"), _update_route("PATCH"))
