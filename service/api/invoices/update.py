"""Changes header fields and lines of an invoice; its number stays (CONTRACT.md section 6.2, D38, D76 and D89)."""

from typing import Final

from msgspec import UNSET
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
    ReceiptHasNoSeries,
    SeriesUnknown,
    YearFixed,
)
from schemas.values import IsoDate, iso_time
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.invoices.attempts import Asking, on_what_was_read, said_of
from service.api.invoices.dates import with_new_date
from service.api.invoices.fixed_fields import refuse_fixed_fields
from service.api.invoices.invoice_client import refuse_what_follows
from service.api.invoices.issue import draft_series
from service.api.invoices.show import INVOICES, document_of, show_invoice
from service.api.invoices.update_body import cross_check, merged, new_date, new_series
from service.api.refusals.causes import ContentMissing
from service.documents.content import InvoiceContent
from service.documents.facts import DraftFacts, NumberedFacts
from service.documents.new import sealed
from service.writer.request import Answered


async def update_invoice(call: Call) -> Answered:
    """PUT and PATCH /v1/invoices/{id}: header fields and lines; the number stays (CONTRACT.md D38, D76, D89, D94)."""
    body = call.body(UpdateInvoiceBody, await with_new_date(call, cross_check))

    async def change() -> Asking:
        facts = await document_of(call, call.document_id())
        await refuse_fixed_fields(call, facts)
        said = await said_of(call, facts)
        if isinstance(facts, DraftFacts):
            return _draft_change(call, body, facts, said)
        return _change(call, body, facts, said)

    return await on_what_was_read(call, change)


def _change(call: Call, body: UpdateInvoiceBody, facts: NumberedFacts, said: InvoiceContent) -> Asking:
    # Equal to those of the series, or refused before; the content of a numbered document keeps what it was issued with.
    body = replace(body, series_id=UNSET, document_type=UNSET)
    now_says = merged(said, body, facts.date)
    refuse_what_follows(call.fields().get("client_data"), said.client, now_says.client)
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
    date = said.date or IsoDate(iso_time(facts.created_at)[:10])
    now_says = replace(merged(said, body, date), series_id=new_series(said, body), date=new_date(body) or said.date)
    refuse_what_follows(call.fields().get("client_data"), said.client, now_says.client)
    is_of_other_kind = (now_says.series_id, now_says.document_type) != (said.series_id, said.document_type)
    is_series_named = body.series_id is not UNSET or is_of_other_kind
    series = draft_series(now_says.series_id, now_says) if is_series_named else None
    content = None if now_says == said else sealed(now_says)
    digest = facts.content if content is None else content.digest
    return SaveDraft(facts.document_id, digest, facts.content, series), content


def _update_route(method: str, operation: str | None = None) -> Route:
    return Route(
        method=method,
        operation=operation,
        path=INVOICES + "/{id}",
        tag="Invoices",
        handle=update_invoice,
        show=show_invoice,
        summary="Change an invoice or a draft; its number stays as it is",
        about=(
            "A field that is left out stays as it is. A voided invoice, a reversal and an invoice with a standing "
            "reversal cannot be changed. PUT and PATCH do the same."
        ),
        body=UpdateInvoiceBody,
        reply=Invoice,
        refusals=(
            DocumentUnknown,
            ContentMissing,
            SeriesUnknown,
            DocumentTypeMismatch,
            DocumentAlreadyVoided,
            DocumentIsReversal,
            DocumentAlreadyReversed,
            YearFixed,
            DateBeforePrevious,
            DateAfterNext,
            DocumentHasChanged,
            ReceiptHasNoSeries,
        ),
    )


ROUTES: Final = (_update_route("PUT", "update_invoice_by_put"), _update_route("PATCH"))
