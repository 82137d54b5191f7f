"""The list of a partition's documents: filtered, sorted, in pages, with their sums (CONTRACT.md section 6.2)."""

from datetime import date
from decimal import Decimal
from typing import Final, Literal

import asyncpg
from msgspec import Struct

from projections.keeping.one_moment import Connection, from_projections
from projections.statements import statement
from schemas.api.invoice import InvoiceTotals
from schemas.api.reports import Moment
from schemas.record import Record, decode_record
from schemas.values import DEFAULT_LOG, DocumentId, FirmId, IsoDate, LogId, Mode, Position

Status = Literal["draft", "issued", "paid", "overdue", "voided"]
Sort = Literal["created_at", "date", "due_date", "total", "number"]
Order = Literal["asc", "desc"]

SORTED_MAX: Final = 50_000
"""How many documents between two dates are sorted for a page; if more match, they are read in the order of an index."""

_DIRECTIONS: Final = {"asc": 1, "desc": -1}


class InvoicesWanted(Struct, frozen=True, kw_only=True):
    """Which documents of a partition; a filter that is None matches all. Dates are inclusive.

    `today` decides what is overdue. `search` is looked for in full number, client name and tax id, all folded as
    people type (log.folded). Totals are compared in RON; documents without the value of `sort` come last.
    """

    firm_id: FirmId
    mode: Mode
    today: IsoDate
    client_id: str | None = None
    series_id: str | None = None
    is_paid: bool | None = None
    is_void: bool | None = None
    document_type: str | None = None
    status: Status | None = None
    currency: str | None = None
    start_date: IsoDate | None = None
    end_date: IsoDate | None = None
    search: str | None = None
    sort: Sort = "created_at"
    order: Order = "desc"
    page: int = 1
    per_page: int = 50

    def filters(self) -> tuple[object, ...]:
        """The arguments of invoices.matching, in its order.

        Dates are no texts here: PostgreSQL does not read a date in a text while it plans, and so would use no index.
        """
        return (
            self.firm_id,
            self.mode,
            date.fromisoformat(self.today),
            self.client_id,
            self.series_id,
            self.is_paid,
            self.is_void,
            self.document_type,
            self.status,
            self.currency,
            self.start_date and date.fromisoformat(self.start_date),
            self.end_date and date.fromisoformat(self.end_date),
        )

    @property
    def is_dated(self) -> bool:
        """Whether a filter is about the date of the document."""
        return self.start_date is not None or self.end_date is not None

    def grain(self) -> str | None:
        """The grain of the kept totals that have what these filters ask; None if the documents must be read."""
        if self.client_id is not None:
            return None
        if self.is_dated or self.status in {"issued", "overdue"}:
            return "day"
        return "whole" if self.series_id is None else "series"


class InvoiceRow(Struct, frozen=True):
    """One document: its events up to the moment of the page, and its standing reversal, if there is one."""

    document_id: DocumentId
    reversal_id: DocumentId | None
    records: list[Record]


class InvoicePage(Struct, frozen=True):
    """One page; `total` counts the matching documents of all pages."""

    as_of: Moment
    rows: list[InvoiceRow]
    total: int
    totals: InvoiceTotals


async def kept_invoice_list(
    connection: Connection, wanted: InvoicesWanted, *, at_least: Position | None = None, log_id: LogId = DEFAULT_LOG
) -> InvoicePage | None:
    """The page as of one moment of the log that contains the position `at_least`.

    None if the projection is missing, or does not reach `at_least` within FRESH_SECONDS_MAX. Needs SELECT on the log
    and the projections, and a connection that is in no transaction. Raises asyncpg's errors.
    """

    async def read() -> InvoicePage | None:
        found = await connection.fetchrow(statement("list_moment"), log_id)
        if found is None or found["position"] < (at_least or 0):
            return None
        return await _page(connection, wanted, Moment(Position(found["position"]), found["at"]))

    return await from_projections(connection, ("invoices",), read, is_waiting=at_least is not None)


async def documents_of(
    connection: Connection, document_ids: list[DocumentId], up_to: Position
) -> dict[DocumentId, list[Record]]:
    """The events of each of these documents up to a position, in order; one statement reads them all from the log."""
    documents: dict[DocumentId, list[Record]] = {document_id: [] for document_id in document_ids}
    for row in await connection.fetch(statement("log_documents"), document_ids, up_to):
        documents[DocumentId(row["document_id"])].append(decode_record(row["record"]))
    return documents


async def _page(connection: Connection, wanted: InvoicesWanted, moment: Moment) -> InvoicePage:
    sums = await _totals(connection, wanted)
    assert sums is not None, "an aggregate without GROUP BY returns a row"
    total: int = sums["documents"]
    found = await _found(connection, wanted, total) if total > (wanted.page - 1) * wanted.per_page else []
    document_ids = [DocumentId(row["document_id"]) for row in found]
    documents = await documents_of(connection, document_ids, moment.position)
    rows = [InvoiceRow(id_, row["reversal"], documents[id_]) for id_, row in zip(document_ids, found, strict=True)]
    totals = InvoiceTotals(  # nothing here is ever paid (CONTRACT.md D80)
        subtotal=sums["subtotal"], vat=sums["vat"], total=sums["total"], paid=Decimal(0), unpaid=sums["unpaid"]
    )
    return InvoicePage(moment, rows, total, totals)


async def _totals(connection: Connection, wanted: InvoicesWanted) -> asyncpg.Record | None:
    filters = wanted.filters()
    if wanted.search is not None:
        return await connection.fetchrow(statement("list_totals_found"), *filters, wanted.search)
    if (grain := wanted.grain()) is not None:
        return await connection.fetchrow(statement("list_totals_kept"), *filters, grain)
    return await connection.fetchrow(statement("list_totals"), *filters)


async def _found(connection: Connection, wanted: InvoicesWanted, total: int) -> list[asyncpg.Record]:
    """The documents of the page, and the reversal of each; `total` match."""
    first = (wanted.page - 1) * wanted.per_page
    filters, bounds = wanted.filters(), (wanted.per_page, first, wanted.sort)
    if wanted.search is not None:
        page, direction = statement("list_page_found"), _DIRECTIONS[wanted.order]
        return await connection.fetch(page, *filters, *bounds, wanted.search, direction)
    if wanted.is_dated and total <= SORTED_MAX:
        return await connection.fetch(statement("list_page_between"), *filters, *bounds, _DIRECTIONS[wanted.order])
    if wanted.order == "asc":
        return await connection.fetch(statement("list_page_ascending"), *filters, *bounds)
    found = await connection.fetch(statement("list_page_descending"), *filters, *bounds)
    if len(found) == min(wanted.per_page, total - first):
        return found
    rest = (wanted.per_page - len(found), first + len(found), wanted.sort, total)
    return found + await connection.fetch(statement("list_page_valueless"), *filters, *rest)
