"""Invoices as clients see them, from the log's events and contents (contract.md section 5.3)."""

from collections.abc import Mapping
from datetime import date

from schemas.api.invoice import Invoice
from schemas.events import DraftSaved, ReservationConsumed
from schemas.outcomes import DocumentOutcome
from schemas.rejections import DocumentUnknown
from schemas.values import Digest, DocumentId, IsoDate, Position
from service.core.state import State
from service.document_facts import Facts, NumberedFacts, digests_of, fold_document
from service.event_log import Content
from service.invoice_view import Surroundings, invoice_view
from service.requests import Answered
from service.web.call import Call
from service.web.errors import refused


async def document_of(call: Call, document_id: DocumentId, until: Position | None = None) -> Facts:
    """What the events of the caller's document up to `until` say.

    Raises RefusedError if there is none or it was deleted, and LogUnavailableError.
    """
    stored = await call.parts.log.document(document_id)
    records = [each.record for each in stored if until is None or each.record.position <= until]
    facts = fold_document(records)
    is_ours = all(each.firm_id == call.caller.firm_id and each.mode is call.caller.mode for each in records)
    if facts is None or facts.is_deleted or not is_ours:
        raise refused(DocumentUnknown(document_id))
    return facts


async def invoice_of(call: Call, facts: Facts) -> Invoice:
    """The invoice these facts make, today. Raises LogUnavailableError."""
    contents = await call.parts.log.contents(digests_of(facts))
    return await _invoice(call, facts, contents, call.parts.today())


async def outcome_invoice(call: Call, answer: Answered, outcome: DocumentOutcome) -> Invoice:
    """The invoice as it was when the command was done, and on that day. Raises LogUnavailableError.

    A new document is made of what was just written; of any other, earlier events and contents must be read.
    """
    facts, contents = _written(answer, outcome.document_id), dict[Digest, Content]()
    if facts is None or answer.content is None:
        facts = await document_of(call, outcome.document_id, outcome.position)
        contents = await call.parts.log.contents(digests_of(facts))
    else:
        contents[answer.content.digest] = answer.content
    is_of_then = answer.is_replay or len(answer.records) > 0
    day = call.parts.day_of(facts.modified_at) if is_of_then else call.parts.today()
    return await _invoice(call, facts, contents, day)


def standing_reversal(facts: Facts, state: State) -> DocumentId | None:
    """The document that reverses this one, as the log stands."""
    if not isinstance(facts, NumberedFacts) or not facts.reversals:
        return None
    number = state.series[facts.series_id].standing_reversal(facts.number)
    return next((document_id for each, document_id in facts.reversals if each == number), None)


def _written(answer: Answered, document_id: DocumentId) -> Facts | None:
    """The document, if all of its events are those that the command wrote."""
    own = [each for each in answer.records if getattr(each.event, "document_id", None) == document_id]
    if not own:
        return None
    first = own[0].event
    is_new = isinstance(first, ReservationConsumed) or (isinstance(first, DraftSaved) and own[0].version == 1)
    return fold_document(own) if is_new else None


async def _invoice(call: Call, facts: Facts, contents: Mapping[Digest, Content], day: date) -> Invoice:
    state = call.parts.writer.state
    # Names of series never change, but another process may have opened one, or turned a reversal of this document.
    if state.position < facts.position or (isinstance(facts, NumberedFacts) and facts.reversals):
        state = await call.state()
    around = Surroundings(IsoDate(day.isoformat()), state.series, standing_reversal(facts, state))
    return invoice_view(facts, contents, around)
