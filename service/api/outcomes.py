"""What a command came to, as a reply: the same code for a fresh answer and for a repeated one."""

from typing import Any, assert_never

from schemas.api.invoice import DeletedInvoice
from schemas.api.objects import ListOf
from schemas.outcomes import (
    DeletedOutcome,
    DocumentOutcome,
    ExpiredOutcome,
    ReleasedOutcome,
    ReservedOutcome,
    SeriesOutcome,
)
from service.api.call import Call
from service.api.invoices.show import outcome_invoice
from service.api.reply import Reply
from service.api.reservation_objects import released_object, reserved_objects
from service.api.series_objects import series_objects
from service.documents.view import iso_time
from service.writer.request import Answered


async def reply_of(call: Call, answer: Answered, status: int) -> Reply:
    """The reply to a command that was done. Raises LogUnavailableError: it stays done, and a repeat finds it so."""
    headers = {"Idempotent-Replayed": "true"} if answer.is_replay else {}
    return Reply(await _data(call, answer), status, headers)


async def _data(call: Call, answer: Answered) -> Any:
    outcome = answer.outcome
    match outcome:
        case SeriesOutcome(series=series):
            return (await series_objects([series], call.parts.access))[0]
        case ReservedOutcome():
            found = reserved_objects(call, outcome)
            return ListOf(data=found, total=len(found))
        case ReleasedOutcome():
            return await released_object(call, outcome)
        case DocumentOutcome():
            return await outcome_invoice(call, answer, outcome)
        case DeletedOutcome(document_id, at):
            return DeletedInvoice(id=document_id, deleted_at=iso_time(at))
        case ExpiredOutcome():
            raise AssertionError("a sweep is nobody's request")
        case _:
            assert_never(outcome)
