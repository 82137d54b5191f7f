"""What the Romanian declaration D394 asks about the numbers of invoices (CONTRACT.md D117)."""

from datetime import date
from typing import Final

from msgspec.structs import replace

from projections.reports.romania.folded_ranges import folded_d394_report
from projections.reports.romania.kept_ranges import kept_d394_report
from projections.reports.romania.number_facts import RangesDeclared
from projections.reports.romania.reporting_period import ReportingPeriod
from schemas.api.d394 import D394Report
from schemas.api.queries import D394Query
from schemas.values import EARLIEST_DATE
from service.api.calling.call import Call
from service.api.calling.rights import require_admin
from service.api.calling.route import Route
from service.api.calling.rows import Sliced
from service.api.refusals.causes import NotAnAdmin
from service.api.refusals.field_faults import FieldFault, invalid
from service.api.refusals.table import bad_fields
from service.api.reports.accounting import as_of_of
from service.api.reports.kept_or_folded import kept_or_folded

DAYS_MAX: Final = 366
"""The longest period of a report."""

LAST_DAY: Final = date(8999, 12, 31)


async def read_d394(call: Call) -> Sliced:
    """GET /v1/reports/d394: the ranges and invoices that the declaration of a period names."""
    require_admin(call, or_auditor=True)
    query = call.query(D394Query)
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
    report = await kept_or_folded(
        call,
        None if as_of is not None else lambda connection: kept_d394_report(connection, wanted, end),
        lambda connection: folded_d394_report(connection, wanted, as_of),
    )
    rows = call.rows()
    await rows.add_all(report.data)
    return Sliced(rows, replace(report, data=[]))


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
            "session, an API key, or an auditor."
        ),
        reply=D394Report,
        query=D394Query,
        refusals=(NotAnAdmin,),
    ),
)
