"""What happened to one invoice, and by whose doing (CONTRACT.md section 6.2)."""

from typing import Final

from projections.reports.document_history import HistoryRow, document_history
from schemas.api.invoice import HistoryEntry, InvoiceHistory, Pagination
from schemas.api.queries import PageQuery
from schemas.rejections import DocumentUnknown
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.invoices.listing import pages_of
from service.api.invoices.show import INVOICES, document_of
from service.api.reports.accounting import reading


async def read_history(call: Call) -> InvoiceHistory:
    """GET /v1/invoices/{id}/history: oldest first, as the log has it."""
    query = call.query(PageQuery)
    facts = await document_of(call, call.document_id())
    async with reading(call) as connection:
        found = await document_history(
            connection,
            facts.document_id,
            page=query.page,
            per_page=query.per_page,
            at_least=facts.position,
            log_id=call.parts.log.log_id,
        )
    pages = pages_of(found.total, query.per_page)
    pagination = Pagination(page=query.page, per_page=query.per_page, total=found.total, total_pages=pages)
    return InvoiceHistory(data=[_entry(row) for row in found.rows], pagination=pagination)


def _entry(row: HistoryRow) -> HistoryEntry:
    return HistoryEntry(
        id=f"evt_{row.id}",
        type=row.type,
        type_label=row.type_label,
        message=row.message,
        icon=row.icon,
        by=row.by,
        created_at=row.created_at,
    )


ROUTES: Final = (
    Route(
        method="GET",
        path=INVOICES + "/{id}/history",
        tag="Invoices",
        handle=read_history,
        summary="What happened to an invoice, and by whose doing",
        reply=InvoiceHistory,
        query=PageQuery,
        refusals=(DocumentUnknown,),
    ),
)
