"""Invoices as clients see them, from the log's events and contents (contract.md section 5.3)."""

from schemas.api.invoice import Invoice
from schemas.outcomes import DocumentOutcome
from schemas.rejections import DocumentUnknown
from schemas.values import DocumentId, IsoDate, Position
from service.documents import DocumentFacts, Numbering, fold_document, invoice_view
from service.web.call import Call
from service.web.errors import refused


async def document_of(call: Call, document_id: DocumentId, until: Position | None = None) -> DocumentFacts:
    """What the events of the caller's document up to `until` say.

    Raises RefusedError if there is none or it was withdrawn, and LogUnavailableError.
    """
    stored = await call.parts.log.document(document_id)
    records = [each.record for each in stored if until is None or each.record.position <= until]
    facts = fold_document(records)
    is_ours = all(each.firm_id == call.caller.firm_id and each.mode is call.caller.mode for each in records)
    if facts is None or facts.is_withdrawn or not is_ours:
        raise refused(DocumentUnknown(document_id))
    return facts


async def invoice_of(call: Call, facts: DocumentFacts) -> Invoice:
    """The invoice these facts make, today. Raises LogUnavailableError."""
    series = call.parts.writer.state.series.get(facts.series_id)
    if series is None:
        series = (await call.state()).series[facts.series_id]
    contents = await call.parts.log.contents(facts.digests)
    today = IsoDate(call.parts.today().isoformat())
    return invoice_view(facts, Numbering(series.name, series.format, series.document_type), contents, today)


async def outcome_invoice(call: Call, outcome: DocumentOutcome) -> Invoice:
    """The invoice as it was when the command was done. Raises LogUnavailableError."""
    return await invoice_of(call, await document_of(call, outcome.document_id, outcome.position))
