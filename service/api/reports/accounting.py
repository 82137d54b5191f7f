"""The calls about accounting: the fate of every number of a series, and why some have no document (CONTRACT.md D68)."""

import asyncio
from typing import Final, TypeVar

from msgspec.structs import replace

from projections.reports.as_of import AsOf, AtPosition, AtTime
from projections.reports.gap_report import folded_gap_report, kept_gap_report
from projections.reports.number_register import RangesWanted, folded_number_register, kept_number_register
from schemas.api.queries import AsOfQuery, ListingQuery, NumbersQuery
from schemas.api.reports import GapExplanations, GapReport, NumberRegister
from schemas.rejections import SeriesUnknown
from schemas.values import Number, Position, UnixSeconds
from service.api.calling.call import Call
from service.api.calling.reply import Attachment
from service.api.calling.route import Route
from service.api.calling.rows import Sliced
from service.api.refusals.causes import FormatNotAvailable, ListingTooLong
from service.api.refusals.table import refused
from service.api.reports.kept_or_folded import kept_or_folded
from service.api.reports.listed import attached, form_of, surroundings
from service.api.series.series import SERIES
from service.listings.explanation_listing import explanation_listing, explanation_rows, explanations_of
from service.listings.formats import Format
from service.listings.gap_listing import gap_listing, gap_rows, gap_totals
from service.listings.pdf_writer import ROWS_MAX
from service.listings.register_listing import register_listing, register_rows

FILE_RANGES_MAX: Final = ROWS_MAX
"""How many ranges a file of the register has; it says after which number the next one goes on."""

FILE_PIECES_MAX: Final = 200_000

Report = TypeVar("Report", GapReport, NumberRegister)


async def list_numbers(call: Call) -> NumberRegister | Attachment:
    """GET /v1/invoice-series/{id}/numbers: the register, as ranges of numbers with one fate; a file has many pages."""
    query = call.query(NumbersQuery)
    form = form_of(call, query)
    as_of = as_of_of(query)
    series, _ = await call.series()
    wanted = RangesWanted(
        series_id=series.series_id, after=Number(query.after or 0), per_page=query.per_page, fate=query.fate
    )
    if form.shown_as is not Format.JSON:
        wanted = replace(wanted, per_page=FILE_RANGES_MAX, pieces_max=FILE_PIECES_MAX)
    found = await kept_or_folded(
        call,
        None if as_of is not None else lambda connection: kept_number_register(connection, wanted, series.position),
        lambda connection: folded_number_register(connection, wanted, as_of),
    )
    register = _known(call, found)
    if form.shown_as is Format.JSON:
        return register
    around = await surroundings(call, form)
    listing = register_listing(register, around, after=wanted.after, fate=query.fate)
    return await attached(call, form, listing, register_rows(register.data, around))


async def list_gaps(call: Call) -> Sliced | Attachment:
    """GET /v1/invoice-series/{id}/gaps: the gap report, whose number of gaps has no bound."""
    form = form_of(call, query := call.query(ListingQuery))
    report = await _gap_report(call, query)
    if form.shown_as is Format.JSON:
        rows = call.rows()
        await rows.add_all(report.data)
        return Sliced(rows, report)
    around = await surroundings(call, form)
    listing = await asyncio.to_thread(gap_listing, [report], around)
    return await attached(call, form, listing, gap_rows([report], around), gap_totals([report], around))


async def list_explanations(call: Call) -> Sliced | Attachment:
    """GET /v1/invoice-series/{id}/gaps/explanations: why gaps are there, as somebody said it."""
    form = form_of(call, query := call.query(ListingQuery))
    report = await _gap_report(call, query)
    if form.shown_as is Format.JSON:
        rows = call.rows()
        await rows.add_all(explanations_of(report))
        return Sliced(rows, _explanations(report))
    around = await surroundings(call, form)
    return await attached(call, form, explanation_listing([report], around), explanation_rows([report], around))


def _explanations(report: GapReport) -> GapExplanations:
    return GapExplanations(
        report.series_id,
        report.firm_id,
        report.mode,
        report.series_name,
        report.document_type,
        report.format,
        report.as_of,
        report.equation,
        [],
    )


async def _gap_report(call: Call, query: ListingQuery) -> GapReport:
    """The report. Raises RefusedError and LogUnavailableError."""
    as_of = as_of_of(query)
    series, _ = await call.series()
    series_id, position = series.series_id, series.position
    found = await kept_or_folded(
        call,
        None if as_of is not None else lambda connection: kept_gap_report(connection, series_id, position),
        lambda connection: folded_gap_report(connection, series_id, as_of),
    )
    return _known(call, found)


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
        refusals=(SeriesUnknown, FormatNotAvailable, ListingTooLong),
        is_listing=True,
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
        query=ListingQuery,
        refusals=(SeriesUnknown, FormatNotAvailable, ListingTooLong),
        is_listing=True,
    ),
    Route(
        method="GET",
        path=SERIES + "/{id}/gaps/explanations",
        tag="Accounting",
        handle=list_explanations,
        summary="Why gaps are there, as somebody said it",
        about="Every explanation of a gap of the series, in the order in which they were given, later ones too.",
        reply=GapExplanations,
        query=ListingQuery,
        refusals=(SeriesUnknown, FormatNotAvailable, ListingTooLong),
        is_listing=True,
    ),
)
