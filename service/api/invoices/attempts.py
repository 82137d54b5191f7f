"""Commands that are made from the content of an invoice, and made again if another request changed it first."""

from collections.abc import Awaitable, Callable
from typing import Final

from schemas.commands import Command
from schemas.rejections import DocumentHasChanged, Rejection, SeriesUnknown
from service.api.calling.call import Call
from service.api.invoices.contents import contents_of
from service.api.refusals.causes import ContentMissing
from service.api.refusals.table import refused
from service.documents.content import InvoiceContent, open_invoice
from service.documents.facts import Facts
from service.log.event_log import Content
from service.writer.request import Answered

ATTEMPTS_MAX: Final = 5
"""How many times a command is made from the present content, if other requests change the invoice each time."""

Asking = tuple[Command, Content | None]


async def on_what_was_read(call: Call, make: Callable[[], Awaitable[Asking]]) -> Answered:
    """Submit the command of `make`, which is called again if another request changed the invoice in between.

    Raises RefusedError if the command is rejected, and the faults of Writer.submit.
    """
    answer: Answered | Rejection | None = None
    for _ in range(ATTEMPTS_MAX):
        command, content = await make()
        answer = await call.attempt(command, content)
        if not isinstance(answer, DocumentHasChanged):
            break
    assert answer is not None, "there is at least one attempt"
    if not isinstance(answer, Answered):
        raise refused(answer, param="series_id" if isinstance(answer, SeriesUnknown) else None)
    return answer


async def said_of(call: Call, facts: Facts) -> InvoiceContent:
    """The content of the document. Raises RefusedError if it was erased or lost, and LogUnavailableError."""
    contents = await contents_of(call, [facts.content])
    content = contents.kept.get(facts.content)
    if content is None:
        raise refused(ContentMissing(facts.document_id, "lost" if facts.content in contents.lost else "erased"))
    return open_invoice(content)
