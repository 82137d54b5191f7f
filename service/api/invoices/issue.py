"""Invoices over HTTP: issuing, reading, voiding (CONTRACT.md sections 9 and 10)."""

from typing import Final

from schemas.api.bodies import CreateInvoiceBody, VoidBody
from schemas.api.invoice import Invoice
from schemas.api.queries import InvoiceParts
from schemas.commands import ConsumeReservation, Document, IssueOnline, UnvoidDocument, VoidDocument, VoidDraft
from schemas.rejections import (
    ChronologyViolated,
    DocumentAlreadyReversed,
    DocumentAlreadyVoided,
    DocumentNotVoided,
    DocumentTypeMismatch,
    DocumentUnknown,
    DraftCannotBeUnvoided,
    NoPrimarySeries,
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
from service.api.call import Call
from service.api.invoices.create_body import content_of, cross_check
from service.api.invoices.drafts import save_new_draft
from service.api.invoices.show import document_of, invoice_of
from service.api.refusals.table import refused
from service.api.reply import Reply
from service.api.reservation_objects import slot_of
from service.api.route import Route
from service.documents.content import VoidContent
from service.documents.facts import DraftFacts
from service.documents.new import new_document_id, sealed
from service.writer.request import Answered

INVOICES: Final = "/v1/invoices"


async def create_invoice(call: Call) -> Answered:
    """POST /v1/invoices: a draft; or with a token its number, without one the next number (CONTRACT.md section 9)."""
    body = call.body(CreateInvoiceBody, cross_check)
    kept = content_of(body)
    date = IsoDate((body.date or call.parts.today()).isoformat())
    series_id = None if body.series_id is None else SeriesId(body.series_id)
    if body.is_draft:
        return await save_new_draft(call, kept, date, series_id)
    content = sealed(kept)
    document = Document(
        document_id=new_document_id(),
        document_type=DocumentType(kept.document_type),
        date=date,
        content=content.digest,
        client_local_uuid=body.client_local_uuid or (None if call.idempotency is None else call.idempotency.key),
    )
    command: ConsumeReservation | IssueOnline
    if body.reservation_token is None:
        command = IssueOnline(document, series_id, is_chronology_checked=body.force_chronology)
    else:
        slot = await slot_of(call, body.reservation_token)
        command = ConsumeReservation(slot, document, series_id, is_chronology_checked=body.force_chronology)
    return await call.submit(command, content, series_param="series_id")


async def read_invoice(call: Call) -> Reply:
    """GET /v1/invoices/{id}: with everything it could be expanded by."""
    return Reply(await invoice_of(call, await document_of(call, call.document_id())))


async def void_invoice(call: Call) -> Answered:
    """POST /v1/invoices/{id}/void: the invoice no longer counts; its number stays (CONTRACT.md D61)."""
    body = call.body(VoidBody)
    facts = await document_of(call, call.document_id())
    content = None if body.reason is None else sealed(VoidContent(body.reason))
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
    if isinstance(facts, DraftFacts):
        raise refused(DraftCannotBeUnvoided(facts.document_id))
    return await call.submit(UnvoidDocument(facts.series_id, facts.number, facts.full_number, facts.document_id))


ROUTES: Final = (
    Route(
        method="POST",
        path=INVOICES,
        handle=create_invoice,
        summary="Issue an invoice with a reserved number or the next one, or keep a draft",
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
        ),
    ),
    Route(
        method="GET",
        path=INVOICES + "/{id}",
        handle=read_invoice,
        summary="One invoice",
        reply=Invoice,
        query=InvoiceParts,
        refusals=(DocumentUnknown,),
    ),
    Route(
        method="POST",
        path=INVOICES + "/{id}/void",
        handle=void_invoice,
        summary="Void an invoice; it keeps its number",
        body=VoidBody,
        reply=Invoice,
        refusals=(DocumentUnknown, DocumentAlreadyVoided),
    ),
    Route(
        method="POST",
        path=INVOICES + "/{id}/unvoid",
        handle=unvoid_invoice,
        summary="Bring a voided invoice back",
        reply=Invoice,
        refusals=(DocumentUnknown, DraftCannotBeUnvoided, DocumentNotVoided, DocumentAlreadyReversed),
    ),
)
