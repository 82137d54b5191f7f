"""Makes one invoice, as clients see it, from events and contents of the log (CONTRACT.md section 5.3)."""

from typing import Final

from schemas.api.invoice import DeletedInvoice, Invoice
from schemas.api.queries import InvoiceParts
from schemas.events import DraftSaved, ReservationConsumed
from schemas.outcomes import DeletedOutcome, DocumentOutcome
from schemas.rejections import DocumentUnknown
from schemas.values import DocumentId, IsoDate, Position, iso_time
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.invoices.contents import contents_of
from service.api.refusals.table import refused
from service.core.state.state import State
from service.documents.facts import Facts, NumberedFacts, digests_of, fold_document
from service.documents.view import Contents, Surroundings, invoice_view
from service.writer.request import Answered

INVOICES: Final = "/v1/invoices"


async def read_invoice(call: Call) -> Invoice:
    """GET /v1/invoices/{id}: with everything that `expand` could ask for."""
    return await invoice_of(call, await document_of(call, call.document_id()))


async def document_of(call: Call, document_id: DocumentId, until: Position | None = None) -> Facts:
    """The facts of the caller's document, from its events up to `until`.

    Raises RefusedError if there is no such document or it was deleted, and LogUnavailableError.
    """
    stored = await call.dependencies.log.document(document_id)
    records = [each.record for each in stored if until is None or each.record.position <= until]
    facts = fold_document(records)
    is_ours = all(each.firm_id == call.caller.firm_id and each.mode is call.caller.mode for each in records)
    if facts is None or facts.is_deleted or not is_ours:
        raise refused(DocumentUnknown(document_id))
    return facts


async def invoice_of(call: Call, facts: Facts) -> Invoice:
    """The invoice with these facts, as of today. Raises LogUnavailableError."""
    contents = await contents_of(call, digests_of(facts))
    state = await _state_for(call, facts)
    around = Surroundings(IsoDate(call.dependencies.today().isoformat()), state.series, standing_reversal(facts, state))
    return invoice_view(facts, contents, around)


async def show_invoice(call: Call, done: Answered) -> Invoice:
    """The invoice as of the moment and the day of the command. Raises LogUnavailableError.

    A new document is shown from what was just written. For any other, its earlier events and contents are read.
    """
    outcome = done.came_to(DocumentOutcome)
    facts = _written(done, outcome.document_id)
    if facts is None or done.content is None:
        facts = await document_of(call, outcome.document_id, outcome.position)
        contents = await contents_of(call, digests_of(facts))
    else:
        contents = Contents({done.content.digest: done.content})
    is_of_then = done.is_repeat or len(done.records) > 0
    day = call.dependencies.day_of(facts.modified_at) if is_of_then else call.dependencies.today()
    state = await _state_for(call, facts)
    reversal = await _reversal_then(call, facts, outcome.position)
    return invoice_view(facts, contents, Surroundings(IsoDate(day.isoformat()), state.series, reversal))


async def show_deleted(_: Call, done: Answered) -> DeletedInvoice:
    """The id of the deleted document and the time of its deletion."""
    deleted = done.came_to(DeletedOutcome)
    return DeletedInvoice(id=deleted.document_id, deleted_at=iso_time(deleted.at))


def standing_reversal(facts: Facts, state: State) -> DocumentId | None:
    """The document that reverses this one and is not voided, in this state."""
    if not isinstance(facts, NumberedFacts) or not facts.reversals:
        return None
    number = state.series[facts.series_id].standing_reversal(facts.number)
    return next((document_id for each, document_id in facts.reversals if each == number), None)


def _written(done: Answered, document_id: DocumentId) -> Facts | None:
    """The facts of the document if the command wrote all of its events; else none."""
    own = [each for each in done.records if getattr(each.event, "document_id", None) == document_id]
    if not own:
        return None
    first = own[0].event
    is_new = isinstance(first, ReservationConsumed) or (isinstance(first, DraftSaved) and own[0].version == 1)
    return fold_document(own) if is_new else None


async def _reversal_then(call: Call, facts: Facts, until: Position) -> DocumentId | None:
    """The document that reversed this one at the position `until`. Raises LogUnavailableError."""
    for _, document_id in facts.reversals if isinstance(facts, NumberedFacts) else ():
        stored = await call.dependencies.log.document(document_id)
        reversal = fold_document([each.record for each in stored if each.record.position <= until])
        if reversal is not None and reversal.voided_at is None and not reversal.is_deleted:
            return document_id
    return None


async def _state_for(call: Call, facts: Facts) -> State:
    """A state that contains the document's series; if the document has reversals, the state at the head of the log."""
    state = call.dependencies.writer.known.state
    # The name of a series never changes. But another process may have opened the series, or voided a reversal.
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
        about="With its lines, its client and its state as of today.",
        reply=Invoice,
        query=InvoiceParts,
        refusals=(DocumentUnknown,),
    ),
)
