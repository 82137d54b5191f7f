"""The history of one invoice: each event, and what kind of caller caused it (CONTRACT.md section 6.2)."""

from typing import Final

from projections.reports.document_history import HistoryWanted, document_history
from schemas.api.invoice import InvoiceHistory, Pagination
from schemas.api.queries import PageQuery
from schemas.rejections import DocumentUnknown
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.invoices.listing import pages_of
from service.api.invoices.show import INVOICES, document_of
from service.api.reports.kept_or_folded import reading


async def read_history(call: Call) -> InvoiceHistory:
    """GET /v1/invoices/{id}/history: the events of the invoice, the oldest first."""
    query = call.query(PageQuery)
    facts = await document_of(call, call.document_id())
    wanted = HistoryWanted(
        document_id=facts.document_id, page=query.page, per_page=query.per_page, log_id=call.dependencies.log.log_id
    )
    async with reading(call) as connection:
        found = await document_history(connection, wanted)
    pages = pages_of(found.total, query.per_page)
    pagination = Pagination(page=query.page, per_page=query.per_page, total=found.total, total_pages=pages)
    return InvoiceHistory(data=found.rows, pagination=pagination)


ROUTES: Final = (
    Route(
        method="GET",
        path=INVOICES + "/{id}/history",
        tag="Invoices",
        handle=read_history,
        summary="The history of an invoice: what happened, and who did it",
        about="The oldest event first. A caller is named by ids, never by the name of a person.",
        reply=InvoiceHistory,
        query=PageQuery,
        refusals=(DocumentUnknown,),
    ),
)
