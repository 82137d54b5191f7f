"""Invoices over HTTP: the list, and what happened to one of them (CONTRACT.md sections 6.2 and 11)."""

from collections.abc import Mapping
from typing import Final

from projections.reports.document_history import HistoryRow, document_history
from projections.reports.invoice_list import InvoicePage, InvoiceQuery, Status, list_invoices
from schemas.api.invoice import HistoryEntry, Invoice, InvoiceHistory, InvoiceList, InvoiceTotals, Pagination
from schemas.api.queries import InvoicesQuery, PageQuery
from schemas.rejections import DocumentUnknown
from schemas.values import IsoDate
from service.api.call import Call
from service.api.invoices.issue import INVOICES
from service.api.invoices.show import document_of
from service.api.refusals.causes import Unavailable
from service.api.refusals.table import refused
from service.api.reply import Reply
from service.api.reports.accounting import reading
from service.api.route import Route
from service.documents.facts import digests_of, fold_document
from service.documents.view import Surroundings, invoice_view

_STATUSES: Final[Mapping[str | None, Status | None]] = {
    None: None,
    "draft": "draft",
    "issued": "issued",
    "sent": "issued",
    "paid": "paid",
    "overdue": "overdue",
    "voided": "voided",
    "cancelled": "voided",
}
"""Both vocabularies of the public API (CONTRACT.md D27)."""


async def list_documents(call: Call) -> Reply:
    """GET /v1/invoices: as the log stands for the caller's firm, whichever process wrote last."""
    query = call.query(InvoicesQuery)
    # Not the head of the log: what other firms do must not make this one wait.
    end = (await call.state()).partition_end(call.caller.firm_id, call.caller.mode)
    async with reading(call) as connection:
        page = await list_invoices(connection, _wanted(call, query), at_least=end, log_id=call.parts.log.log_id)
    if page is None:
        raise refused(Unavailable("The list of invoices has not caught up with the log yet."))
    invoices = await _invoices(call, page)
    return Reply(
        InvoiceList(
            data=invoices,
            has_more=query.page * query.per_page < page.total,
            total=page.total,
            page=query.page,
            per_page=query.per_page,
            total_pages=_pages(page.total, query.per_page),
            totals=InvoiceTotals(
                subtotal=page.totals.subtotal,
                vat=page.totals.vat,
                total=page.totals.total,
                paid=page.totals.paid,
                unpaid=page.totals.unpaid,
            ),
        )
    )


async def read_history(call: Call) -> Reply:
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
    pages = _pages(found.total, query.per_page)
    pagination = Pagination(page=query.page, per_page=query.per_page, total=found.total, total_pages=pages)
    return Reply(InvoiceHistory(data=[_entry(row) for row in found.rows], pagination=pagination))


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


def _wanted(call: Call, query: InvoicesQuery) -> InvoiceQuery:
    return InvoiceQuery(
        firm_id=call.caller.firm_id,
        mode=call.caller.mode,
        today=IsoDate(call.parts.today().isoformat()),
        client_id=query.client_id,
        series_id=query.series_id,
        is_paid=query.is_paid,
        is_void=query.is_void,
        document_type=query.document_type,
        status=_STATUSES[query.status],
        currency=query.currency,
        start_date=None if query.start_date is None else IsoDate(query.start_date.isoformat()),
        end_date=None if query.end_date is None else IsoDate(query.end_date.isoformat()),
        search=query.search or query.q or None,
        sort=query.sort,
        order=query.order,
        page=query.page,
        per_page=query.per_page,
    )


async def _invoices(call: Call, page: InvoicePage) -> list[Invoice]:
    """The invoices of a page, all of one moment, with what they say read at once. Raises LogUnavailableError."""
    found = [(facts, row.reversal_id) for row in page.rows if (facts := fold_document(row.records)) is not None]
    contents = await call.parts.log.contents([digest for facts, _ in found for digest in digests_of(facts)])
    state = call.parts.writer.state
    if state.position < page.as_of.position:
        state = await call.state()
    today = IsoDate(call.parts.today().isoformat())
    return [invoice_view(facts, contents, Surroundings(today, state.series, reversal)) for facts, reversal in found]


def _pages(total: int, per_page: int) -> int:
    """How many pages there are; one if there is nothing (CONTRACT.md D64)."""
    return max(1, -(-total // per_page))


ROUTES: Final = (
    Route(
        method="GET",
        path=INVOICES,
        handle=list_documents,
        summary="The invoices of the firm, drafts and voided ones included",
        reply=InvoiceList,
        query=InvoicesQuery,
    ),
    Route(
        method="GET",
        path=INVOICES + "/{id}/history",
        handle=read_history,
        summary="What happened to an invoice, and by whose doing",
        reply=InvoiceHistory,
        query=PageQuery,
        refusals=(DocumentUnknown,),
    ),
)
