"""Lists the invoices of a firm, filtered and in pages (CONTRACT.md sections 6.2 and 11)."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Final

from projections.reports.invoice_list import InvoicePage, InvoicesWanted, Status, kept_invoice_list
from schemas.api.invoice import InvoiceList
from schemas.api.queries import InvoicesQuery
from schemas.values import IsoDate
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.calling.rows import Rows, Sliced
from service.api.invoices.contents import contents_of
from service.api.invoices.show import INVOICES
from service.api.refusals.causes import Unavailable
from service.api.refusals.table import refused
from service.api.reports.kept_or_folded import READ_WAIT_SECONDS_MAX, reading
from service.documents.facts import digests_of, fold_document
from service.documents.view import Surroundings, invoice_view

FIRST_SLICE: Final = 4
SLICE_BYTES: Final = 262_144
"""A slice of this size takes about two milliseconds."""

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
"""The status for each word that the public API allows; two words may mean one status (CONTRACT.md D27)."""


async def list_documents(call: Call) -> Sliced:
    """GET /v1/invoices: contains every event of the caller's firm so far, also those that another process wrote.

    One list of a firm is made at a time. Raises RefusedError if others of it take longer than READ_WAIT_SECONDS_MAX.
    """
    query = call.query(InvoicesQuery)
    async with AsyncExitStack() as held:
        try:
            await held.enter_async_context(call.dependencies.lists.turn(call.caller.firm_id, READ_WAIT_SECONDS_MAX))
        except TimeoutError as error:
            raise refused(Unavailable("Other lists of invoices are still being made.")) from error
        return await _listed(call, query)


async def _listed(call: Call, query: InvoicesQuery) -> Sliced:
    # Not the head of the log: a firm must not wait for the events of other firms.
    end = (await call.state()).partition_end(call.caller.firm_id, call.caller.mode)
    async with reading(call) as connection:
        page = await kept_invoice_list(
            connection, _wanted(call, query), at_least=end, log_id=call.dependencies.log.log_id
        )
    if page is None:
        raise refused(Unavailable("The list of invoices has not caught up with the log yet."))
    rows = call.rows()
    await _add_invoices(call, page, rows)
    whole = InvoiceList(
        data=[],
        has_more=query.page * query.per_page < page.total,
        total=page.total,
        page=query.page,
        per_page=query.per_page,
        total_pages=pages_of(page.total, query.per_page),
        totals=page.totals,
    )
    return Sliced(rows, whole)


def _wanted(call: Call, query: InvoicesQuery) -> InvoicesWanted:
    return InvoicesWanted(
        firm_id=call.caller.firm_id,
        mode=call.caller.mode,
        today=IsoDate(call.dependencies.today().isoformat()),
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


async def _add_invoices(call: Call, page: InvoicePage, rows: Rows) -> None:
    """Add the invoices of a page, all as of one moment. Raises RefusedError and LogUnavailableError.

    An invoice may have a megabyte: their contents are read slice by slice, as many as come to SLICE_BYTES, or one.
    """
    found = [(facts, row.reversal_id) for row in page.rows if (facts := fold_document(row.records)) is not None]
    state = call.dependencies.writer.known.state
    if state.position < page.as_of.position:
        state = await call.state()
    today = IsoDate(call.dependencies.today().isoformat())
    at, count = 0, FIRST_SLICE
    while part := found[at : at + count]:
        contents = await contents_of(call, [digest for facts, _ in part for digest in digests_of(facts)])
        size = await rows.add(
            [invoice_view(facts, contents, Surroundings(today, state.series, reversal)) for facts, reversal in part]
        )
        at += count
        count = max(1, SLICE_BYTES * len(part) // size)


def pages_of(total: int, per_page: int) -> int:
    """The number of pages; an empty list has one (CONTRACT.md D64)."""
    return max(1, -(-total // per_page))


ROUTES: Final = (
    Route(
        method="GET",
        path=INVOICES,
        tag="Invoices",
        handle=list_documents,
        summary="The invoices of the firm, drafts and voided ones included",
        about=(
            "The newest first, unless `sort` or `order` say otherwise. Deleted invoices are never listed. The list "
            "contains the caller's own last write."
        ),
        reply=InvoiceList,
        query=InvoicesQuery,
    ),
)
