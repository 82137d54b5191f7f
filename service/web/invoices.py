"""Invoices over HTTP (contract.md sections 9 and 10)."""

import secrets
import string
from typing import Final

from schemas.api.bodies import CreateInvoiceBody, VoidBody
from schemas.api.invoice import Invoice
from schemas.commands import ConsumeReservation, Document, IssueOnline, UnvoidDocument, VoidDocument
from schemas.rejections import (
    ChronologyViolated,
    DocumentAlreadyVoided,
    DocumentNotVoided,
    DocumentTypeMismatch,
    DocumentUnknown,
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
from schemas.values import DocumentId, IsoDate, SeriesId
from service.documents import SALT_BYTES, VoidContent, seal_content
from service.event_log import Content
from service.requests import Answered
from service.web.call import Call
from service.web.envelope import Reply
from service.web.invoice_body import content_of, cross_check
from service.web.invoice_views import document_of, invoice_of
from service.web.reservation_views import slot_of
from service.web.routes import Route

INVOICES: Final = "/v1/invoices"
ID_LENGTH: Final = 10
_BASE36: Final = string.digits + string.ascii_lowercase


async def create_invoice(call: Call) -> Answered:
    """POST /v1/invoices: with a token its number, without one the next number of the series (contract.md section 9)."""
    body = call.body(CreateInvoiceBody, cross_check)
    kept = content_of(body)
    content = seal_content(kept, secrets.token_bytes(SALT_BYTES))
    document = Document(
        document_id=DocumentId("inv_" + "".join(secrets.choice(_BASE36) for _ in range(ID_LENGTH))),
        document_type=kept.document_type,
        date=IsoDate((body.date or call.parts.today()).isoformat()),
        content=content.digest,
        client_local_uuid=body.client_local_uuid or (None if call.idempotency is None else call.idempotency.key),
    )
    series_id = None if body.series_id is None else SeriesId(body.series_id)
    command: ConsumeReservation | IssueOnline
    if body.reservation_token is None:
        command = IssueOnline(document, series_id, is_chronology_checked=body.force_chronology)
    else:
        slot = await slot_of(call, body.reservation_token)
        command = ConsumeReservation(slot, document, series_id, is_chronology_checked=body.force_chronology)
    return await call.submit(command, content, series_param="series_id")


async def read_invoice(call: Call) -> Reply:
    """GET /v1/invoices/{id}."""
    return Reply(await invoice_of(call, await document_of(call, call.document_id())))


async def void_invoice(call: Call) -> Answered:
    """POST /v1/invoices/{id}/void: the invoice no longer counts; its number stays (contract.md D61)."""
    body = call.body(VoidBody)
    facts = await document_of(call, call.document_id())
    content: Content | None = None
    if body.reason is not None:
        content = seal_content(VoidContent(body.reason), secrets.token_bytes(SALT_BYTES))
    digest = None if content is None else content.digest
    command = VoidDocument(facts.series_id, facts.number, facts.full_number, facts.document_id, digest)
    return await call.submit(command, content)


async def unvoid_invoice(call: Call) -> Answered:
    """POST /v1/invoices/{id}/unvoid: the invoice counts again, under the same number (contract.md D62)."""
    facts = await document_of(call, call.document_id())
    command = UnvoidDocument(facts.series_id, facts.number, facts.full_number, facts.document_id)
    return await call.submit(command)


ROUTES: Final = (
    Route(
        method="POST",
        path=INVOICES,
        handle=create_invoice,
        summary="Issue an invoice, with a reserved number or the next one",
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
        refusals=(DocumentUnknown, DocumentNotVoided),
    ),
)
