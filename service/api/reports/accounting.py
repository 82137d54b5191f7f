"""The calls about accounting: the fate of every number of a series, and why some have no document (CONTRACT.md D68)."""

from typing import Final, TypeVar

from projections.reports.as_of import AsOf, AtPosition, AtTime
from projections.reports.gap_report import folded_gap_report, kept_gap_report
from projections.reports.number_register import RangesWanted, folded_number_register, kept_number_register
from schemas.api.queries import AsOfQuery, NumbersQuery
from schemas.api.reports import GapReport, NumberRegister
from schemas.rejections import SeriesUnknown
from schemas.values import Number, Position, UnixSeconds
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.calling.rows import Sliced
from service.api.refusals.table import refused
from service.api.reports.kept_or_folded import kept_or_folded
from service.api.series.series import SERIES

Report = TypeVar("Report", GapReport, NumberRegister)


async def list_numbers(call: Call) -> NumberRegister:
    """GET /v1/invoice-series/{id}/numbers: the register, as ranges of numbers with one fate."""
    query = call.query(NumbersQuery)
    as_of = as_of_of(query)
    series, _ = await call.series()
    wanted = RangesWanted(
        series_id=series.series_id, after=Number(query.after or 0), per_page=query.per_page, fate=query.fate
    )
    found = await kept_or_folded(
        call,
        None if as_of is not None else lambda connection: kept_number_register(connection, wanted, series.position),
        lambda connection: folded_number_register(connection, wanted, as_of),
    )
    return _known(call, found)


async def list_gaps(call: Call) -> Sliced:
    """GET /v1/invoice-series/{id}/gaps: the gap report, whose number of gaps has no bound."""
    as_of = as_of_of(call.query(AsOfQuery))
    series, _ = await call.series()
    series_id, position = series.series_id, series.position
    found = await kept_or_folded(
        call,
        None if as_of is not None else lambda connection: kept_gap_report(connection, series_id, position),
        lambda connection: folded_gap_report(connection, series_id, as_of),
    )
    report, rows = _known(call, found), call.rows()
    await rows.add_all(report.data)
    return Sliced(rows, report)


def as_of_of(query: AsOfQuery) -> AsOf | None:
    """The position or time that the caller names; none for the present."""
    if query.as_of_position is not None:
        return AtPosition(Position(query.as_of_position))
    return None if query.as_of_time is None else AtTime(UnixSeconds(query.as_of_time))


def _known(call: Call, report: Report | None) -> Report:
    """The report. Raises RefusedError if the series did not exist yet at the moment that the report is about."""
    if report is None:
        raise refused(SeriesUnknown(call.series_id()))
    return report


ROUTES: Final = (
    Route(
        method="GET",
        path=SERIES + "/{id}/numbers",
        tag="Accounting",
        handle=list_numbers,
        summary="What became of every number of a series",
        about=(
            "Numbers beside each other with one fate and one device are one range. `equation` tells how all numbers "
            "that were taken add up. The reply contains the caller's own last write."
        ),
        reply=NumberRegister,
        query=NumbersQuery,
        refusals=(SeriesUnknown,),
    ),
    Route(
        method="GET",
        path=SERIES + "/{id}/gaps",
        tag="Accounting",
        handle=list_gaps,
        summary="The numbers without a document, and why",
        about=(
            "Every gap of the series, with its reason and the two events behind it, and the equation that accounts for "
            "all numbers. The reply contains the caller's own last write."
        ),
        reply=GapReport,
        query=AsOfQuery,
        refusals=(SeriesUnknown,),
    ),
)
