"""Reports as callers get them: from the projections, or folded from the log if the projections cannot answer."""

from projections.keeping.one_moment import Connection
from projections.reports.as_of import AsOf
from projections.reports.gap_report import folded_gap_report, kept_gap_report
from projections.reports.number_register import RangesWanted, folded_number_register, kept_number_register
from schemas.api.reports import GapReport, NumberRegister
from schemas.values import Position, SeriesId


async def gaps_of(connection: Connection, series_id: SeriesId, at_least: Position | None = None) -> GapReport:
    """The gap report of a series that exists, as of now."""
    kept = await kept_gap_report(connection, series_id, at_least)
    report = await folded_gap_report(connection, series_id, None) if kept is None else kept
    assert report is not None
    return report


async def ranges_of(
    connection: Connection, wanted: RangesWanted, as_of: AsOf | None = None, at_least: Position | None = None
) -> NumberRegister:
    """A page of the register of a series that exists."""
    kept = await kept_number_register(connection, wanted, at_least) if as_of is None else None
    page = await folded_number_register(connection, wanted, as_of) if kept is None else kept
    assert page is not None
    return page
