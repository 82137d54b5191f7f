"""What the Romanian declaration D394 asks about the numbers of invoices (CONTRACT.md D117)."""

import asyncio
from datetime import date
from typing import Final

from msgspec.structs import replace

from projections.reports.romania.folded_ranges import folded_d394_report
from projections.reports.romania.kept_ranges import kept_d394_report
from projections.reports.romania.number_facts import RangesDeclared
from projections.reports.romania.reporting_period import ReportingPeriod
from schemas.api.d394 import D394Report
from schemas.api.queries import D394Query, ListingQuery
from schemas.values import EARLIEST_DATE
from service.api.calling.call import Call
from service.api.calling.reply import Attachment
from service.api.calling.rights import require_admin
from service.api.calling.route import Route
from service.api.calling.rows import Sliced
from service.api.refusals.causes import FormatNotAvailable, ListingTooLong, NotAnAdmin
from service.api.refusals.field_faults import FieldFault, invalid
from service.api.refusals.table import bad_fields
from service.api.reports.accounting import as_of_of
from service.api.reports.kept_or_folded import kept_or_folded
from service.api.reports.listed import attached, form_of, surroundings
from service.listings.d394_fragment import d394_fragment
from service.listings.d394_listing import d394_listing, d394_listing_rows
from service.listings.formats import Format
from service.listings.words import Language

XML: Final = "application/xml"

DAYS_MAX: Final = 366
"""The longest period of a report."""

LAST_DAY: Final = date(8999, 12, 31)


async def read_d394(call: Call) -> Sliced | Attachment:
    """GET /v1/reports/d394: the ranges and invoices that the declaration of a period names."""
    require_admin(call, or_auditor=True)
    query = call.query(D394Query)
    form = None
    if query.format != "xml":
        form = form_of(call, ListingQuery(format=query.format, language=query.language, dialect=query.dialect))
    report = await _report(call, query)
    if form is None:
        return await _fragment(call, report, Language(query.language or Language.ROMANIAN))
    if form.shown_as is not Format.JSON:
        around = await surroundings(call, form)
        return await attached(call, form, d394_listing(report, around), d394_listing_rows(report, around))
    rows = call.rows()
    await rows.add_all(report.data)
    return Sliced(rows, replace(report, data=[]))


async def _report(call: Call, query: D394Query) -> D394Report:
    """The report. Raises RefusedError and LogUnavailableError."""
    caller, log = call.caller, call.dependencies.log
    wanted = RangesDeclared(
        firm_id=caller.firm_id,
        mode=caller.mode,
        period=_period(call, query),
        range_size=query.range_size,
        log_id=log.log_id,
    )
    as_of = as_of_of(query)
    # Not the head of the log: a firm must not wait for the events of other firms.
    end = (await call.state()).partition_end(caller.firm_id, caller.mode)
    return await kept_or_folded(
        call,
        None if as_of is not None else lambda connection: kept_d394_report(connection, wanted, end),
        lambda connection: folded_d394_report(connection, wanted, as_of),
    )


async def _fragment(call: Call, report: D394Report, language: Language) -> Attachment:
    """The fragment of the declaration as a file. A thread makes it."""
    content = await asyncio.to_thread(d394_fragment, report, language)
    held = call.rows().held
    held.take(len(content))
    name = f"d394-{report.start_date}-{report.end_date}.xml"
    return Attachment([content], XML, name, language, held)


def _period(call: Call, query: D394Query) -> ReportingPeriod:
    """The period that the caller names, or the last month that is over. Raises RefusedError."""
    zone = call.dependencies.settings.zone
    start, end = query.start_date, query.end_date
    if fault := _fault(query):
        raise bad_fields([fault])
    if start is not None and end is not None:
        return ReportingPeriod(start, end, zone)
    if query.period is not None:
        return ReportingPeriod.named(query.period, zone)
    return ReportingPeriod.last_month(call.dependencies.today(), zone)


def _fault(query: D394Query) -> FieldFault | None:
    start, end = query.start_date, query.end_date
    if query.period is not None and (start is not None or end is not None):
        return invalid("period", "left out where start_date and end_date are given")
    if start is None or end is None:
        absent = "start_date" if start is None else "end_date"
        return None if start is end else invalid(absent, "given together with the other end of the period")
    if start.isoformat() < EARLIEST_DATE:
        return invalid("start_date", f"a day from {EARLIEST_DATE}")
    if not 0 <= (end - start).days < DAYS_MAX or end > LAST_DAY:
        return invalid("end_date", "the first day or a later one, and at most a year after it")
    return None


ROUTES: Final = (
    Route(
        method="GET",
        path="/v1/reports/d394",
        tag="Accounting",
        handle=read_d394,
        summary="The ranges of numbers that the Romanian declaration D394 asks for",
        about=(
            "For a month, a quarter or other days: the ranges of numbers that were allocated and those issued, "
            "the reversed and the voided invoices, and the numbers that no invoice of the period carries. The period "
            "of an invoice is that of its date. The reply contains the caller's own last write. For an admin's "
            "session, an API key, or an auditor. `format=xml` gives the elements of the declaration."
        ),
        reply=D394Report,
        query=D394Query,
        refusals=(NotAnAdmin, FormatNotAvailable, ListingTooLong),
        is_listing=True,
    ),
)
