"""Drafts: invoices without a number, which no call turns into numbered ones (CONTRACT.md D57, D58, D85)."""

from msgspec.structs import replace

from schemas.commands import SaveDraft
from schemas.rejections import DocumentTypeMismatch, SeriesUnknown
from schemas.values import DocumentType, IsoDate, SeriesId
from service.api.call import Call
from service.api.refusals.field_faults import invalid
from service.api.refusals.table import bad_fields, refused
from service.documents.content import InvoiceContent
from service.documents.new import new_document_id, sealed
from service.writer.request import Answered


async def save_new_draft(call: Call, kept: InvoiceContent, date: IsoDate, series_id: SeriesId | None) -> Answered:
    """Keep a draft, of no series or of one that could number it. Raises RefusedError and the faults of Call.submit."""
    await check_series(call, series_id, kept)
    content = sealed(replace(kept, date=date, series_id=series_id))
    return await call.submit(SaveDraft(new_document_id(), content.digest), content)


async def check_series(call: Call, series_id: SeriesId | None, kept: InvoiceContent) -> None:
    """Raise RefusedError unless the series is the caller's and of the draft's type."""
    if series_id is None:
        return
    series = (await call.state()).of(call.caller, series_id)
    if series is None:
        raise refused(SeriesUnknown(series_id), param="series_id")
    if kept.document_type == "receipt":
        raise bad_fields([invalid("document_type", "fiscal or proforma, if a series is named")])
    wanted = DocumentType(kept.document_type)
    if series.document_type is not wanted:
        raise refused(DocumentTypeMismatch(series_id, series.document_type, wanted, is_by_token=False))
