"""One invoice as clients see it, from the log's events and contents (CONTRACT.md section 5.3)."""

from typing import Final

from schemas.api.invoice import DeletedInvoice, Invoice
from schemas.api.queries import InvoiceParts
from schemas.events import DraftSaved, ReservationConsumed
from schemas.outcomes import DeletedOutcome, DocumentOutcome
from schemas.rejections import DocumentUnknown
from schemas.values import Digest, DocumentId, IsoDate, Position, iso_time
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.refusals.table import refused
from service.core.state import State
from service.documents.facts import Facts, NumberedFacts, digests_of, fold_document
from service.documents.view import Surroundings, invoice_view
from service.log.event_log import Content
from service.writer.request import Answered

INVOICES: Final = "/v1/invoices"


async def read_invoice(call: Call) -> Invoice:
    """GET /v1/invoices/{id}: with everything it could be expanded by."""
    return await invoice_of(call, await document_of(call, call.document_id()))


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
    state = await _state_for(call, facts)
    around = Surroundings(IsoDate(call.parts.today().isoformat()), state.series, standing_reversal(facts, state))
    return invoice_view(facts, contents, around)


async def show_invoice(call: Call, done: Answered) -> Invoice:
    """The invoice as it was when the command was done, and on that day. Raises LogUnavailableError.

    A new document is made of what was just written; of any other, earlier events and contents must be read.
    """
    outcome = done.came_to(DocumentOutcome)
    facts, contents = _written(done, outcome.document_id), dict[Digest, Content]()
    if facts is None or done.content is None:
        facts = await document_of(call, outcome.document_id, outcome.position)
        contents = await call.parts.log.contents(digests_of(facts))
    else:
        contents[done.content.digest] = done.content
    is_of_then = done.is_replay or len(done.records) > 0
    day = call.parts.day_of(facts.modified_at) if is_of_then else call.parts.today()
    state = await _state_for(call, facts)
    reversal = await _reversal_then(call, facts, outcome.position)
    return invoice_view(facts, contents, Surroundings(IsoDate(day.isoformat()), state.series, reversal))


async def show_deleted(_: Call, done: Answered) -> DeletedInvoice:
    """That the document is gone, and since when."""
    deleted = done.came_to(DeletedOutcome)
    return DeletedInvoice(id=deleted.document_id, deleted_at=iso_time(deleted.at))


def standing_reversal(facts: Facts, state: State) -> DocumentId | None:
    """The document that reverses this one, as the log stands."""
    if not isinstance(facts, NumberedFacts) or not facts.reversals:
        return None
    number = state.series[facts.series_id].standing_reversal(facts.number)
    return next((document_id for each, document_id in facts.reversals if each == number), None)


def _written(done: Answered, document_id: DocumentId) -> Facts | None:
    """The document, if all of its events are those that the command wrote."""
    own = [each for each in done.records if getattr(each.event, "document_id", None) == document_id]
    if not own:
        return None
    first = own[0].event
    is_new = isinstance(first, ReservationConsumed) or (isinstance(first, DraftSaved) and own[0].version == 1)
    return fold_document(own) if is_new else None


async def _reversal_then(call: Call, facts: Facts, until: Position) -> DocumentId | None:
    """The document that reversed this one where the log ends at `until`. Raises LogUnavailableError."""
    for _, document_id in facts.reversals if isinstance(facts, NumberedFacts) else ():
        stored = await call.parts.log.document(document_id)
        reversal = fold_document([each.record for each in stored if each.record.position <= until])
        if reversal is not None and reversal.voided_at is None and not reversal.is_deleted:
            return document_id
    return None


async def _state_for(call: Call, facts: Facts) -> State:
    """A state that has the document's series; and its reversals as the log stands, if it has any."""
    state = call.parts.writer.known.state
    # Names of series never change, but another process may have opened one, or turned a reversal of this document.
    if state.position < facts.position or (isinstance(facts, NumberedFacts) and facts.reversals):
        state = await call.state()
    return state


ROUTES: Final = (
    Route(
        method="GET",
        path=INVOICES + "/{id}",
        tag="Invoices",
        handle=read_invoice,
        summary="One invoice",
        reply=Invoice,
        query=InvoiceParts,
        refusals=(DocumentUnknown,),
    ),
)
