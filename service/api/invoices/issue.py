"""Issues an invoice, or keeps a draft of one (CONTRACT.md section 9)."""

from typing import Final

from msgspec.structs import replace

from schemas.api.bodies import CreateInvoiceBody
from schemas.api.invoice import Invoice
from schemas.commands import ConsumeReservation, Document, DraftSeries, IssueOnline, SaveDraft
from schemas.rejections import (
    ChronologyViolated,
    DocumentTypeMismatch,
    NoPrimarySeries,
    PrintedAlready,
    ReceiptHasNoSeries,
    ReservationAlreadyConsumed,
    ReservationHasExpired,
    ReservationNotPending,
    ReservationOfOtherDevice,
    ReservationOfOtherSeries,
    ReservationUnknown,
    SeriesExhausted,
    SeriesLockedToDevice,
    SeriesLockedToOtherDevice,
    SeriesUnknown,
)
from schemas.values import DocumentType, IsoDate, SeriesId
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.invoices.create_body import content_of, cross_check
from service.api.invoices.dates import with_date
from service.api.invoices.invoice_client import refuse_what_follows
from service.api.invoices.show import INVOICES, show_invoice
from service.api.series.opened_tokens import slot_of
from service.documents.content import InvoiceContent
from service.documents.new import new_document_id, sealed
from service.writer.request import Answered


async def create_invoice(call: Call) -> Answered:
    """POST /v1/invoices: keep a draft, or issue under the token's number or the next one (CONTRACT.md section 9)."""
    body = call.body(CreateInvoiceBody, with_date(call, cross_check))
    day = body.date or body.date_at or call.dependencies.today()
    kept = content_of(body, day)
    refuse_what_follows(call.fields().get("client_data"), kept.client)
    date = IsoDate(day.isoformat())
    series_id = None if body.series_id is None else SeriesId(body.series_id)
    if body.is_draft:
        return await _keep_draft(call, replace(kept, client_local_uuid=body.client_local_uuid), date, series_id)
    content = sealed(kept)
    document = Document(
        document_id=new_document_id(),
        document_type=DocumentType(kept.document_type),
        date=date,
        content=content.digest,
        client_local_uuid=body.client_local_uuid or (None if call.idempotency is None else call.idempotency.key),
    )
    # The date that the service puts in by itself is never refused: the caller could not have sent a better one.
    is_checked = body.force_chronology and (body.date or body.date_at) is not None
    command: ConsumeReservation | IssueOnline
    if body.reservation_token is None:
        command = IssueOnline(document, series_id, is_chronology_checked=is_checked)
    else:
        slot = await slot_of(call, body.reservation_token)
        command = ConsumeReservation(slot, document, series_id, is_chronology_checked=is_checked)
    return await call.submit(command, content, series_param="series_id")


async def _keep_draft(call: Call, kept: InvoiceContent, date: IsoDate, series_id: SeriesId | None) -> Answered:
    """Keep a draft, which may name a series of its document type. Raises RefusedError and the faults of Call.submit."""
    content = sealed(replace(kept, date=date, series_id=series_id))
    command = SaveDraft(new_document_id(), content.digest, series=draft_series(series_id, kept))
    return await call.submit(command, content, series_param="series_id")


def draft_series(series_id: SeriesId | None, kept: InvoiceContent) -> DraftSeries | None:
    """The series that a draft names and the document type that it must have; none if the draft names no series."""
    if series_id is None:
        return None
    return DraftSeries(series_id, None if kept.document_type == "receipt" else DocumentType(kept.document_type))


ROUTES: Final = (
    Route(
        method="POST",
        path=INVOICES,
        tag="Invoices",
        handle=create_invoice,
        show=show_invoice,
        summary="Issue an invoice with a reserved number or the next one, or keep a draft",
        about=(
            "With `reservation_token` the invoice gets the reserved number; without it the next number of the series; "
            "with `is_draft` none. Either `client_id` or `client_data` is required. Send an Idempotency-Key, so that a "
            "repeat after a lost reply takes no second number."
        ),
        body=CreateInvoiceBody,
        reply=Invoice,
        status=201,
        refusals=(
            SeriesUnknown,
            DocumentTypeMismatch,
            NoPrimarySeries,
            ReservationUnknown,
            ReservationOfOtherSeries,
            ReservationAlreadyConsumed,
            ReservationNotPending,
            ReservationHasExpired,
            ReservationOfOtherDevice,
            SeriesLockedToDevice,
            SeriesLockedToOtherDevice,
            ChronologyViolated,
            SeriesExhausted,
            ReceiptHasNoSeries,
            PrintedAlready,
        ),
    ),
)
