"""The gap report of CONTRACT.md D68: which numbers carry no document, and why; now, or as of a position or time.

It is made in two ways, and the caller chooses. `kept_...` asks the projections, as of one moment at which they have the
same position; it returns None if they cannot answer, because one of them is new or behind. `folded_...` replays the
log. All need SELECT on the log and the projections, and a connection that is in no transaction. All raise asyncpg's
errors; the folded ones raise HistoryBrokenError if an event of the log does not follow from those before it.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import asyncpg

from projections.keeping.one_moment import Connection, from_projections
from projections.replay.explanations import with_explanations
from projections.replay.gap_neighbours import Ends, Stretch, stretches, with_neighbours
from projections.replay.report_digest import digested
from projections.reports.as_of import AsOf, SeriesAsOf, fold_in_one_moment, fold_series
from projections.reports.opened_series import opened_series
from projections.reports.report_header import Header, header
from projections.statements import statement
from schemas.api.reports import Gap, GapExplanation, GapReport, Neighbour
from schemas.number_formats import printed_number
from schemas.values import Fate, FirmId, GapCode, Position, SeriesId

PROJECTIONS: Final = ("counters", "gaps", "register")

NO_DUPLICATES: Final = 0
"""A number with a second document is in no report: the log and the register refuse it by their keys, and a replay
raises HistoryBrokenError (CONTRACT.md D113)."""

GAPS_FETCHED: Final = 500
"""How many gaps are read at once: about two milliseconds, and then other requests have their turn."""


async def kept_gap_report(
    connection: Connection, series_id: SeriesId, at_least: Position | None = None
) -> GapReport | None:
    """The gap report of a series. It contains the position `at_least`; this waits FRESH_SECONDS_MAX for it."""

    async def read() -> GapReport | None:
        reports = await _kept(connection, [series_id], at_least or Position(0))
        return None if reports is None else reports[0]

    return await from_projections(connection, PROJECTIONS, read, is_waiting=at_least is not None)


async def folded_gap_report(connection: Connection, series_id: SeriesId, as_of: AsOf | None) -> GapReport | None:
    """The same from the log alone; None if there was no such series then.

    This reads the whole series, so the caller must bound how many run at once.
    """
    found = await fold_series(connection, series_id, as_of)
    return None if found is None else await asyncio.to_thread(gap_report_of_fold, series_id, found)


async def kept_gap_reports(
    connection: Connection, firm_id: FirmId | None = None, named: str | None = None
) -> list[GapReport] | None:
    """The gap reports of a firm's series, None meaning all firms, with the id or name `named`; all of one moment."""

    async def read() -> list[GapReport] | None:
        return await _kept(connection, await opened_series(connection, firm_id, named), Position(0))

    return await from_projections(connection, PROJECTIONS, read, is_waiting=False)


async def folded_gap_reports(
    connection: Connection, firm_id: FirmId | None = None, named: str | None = None, as_of: AsOf | None = None
) -> list[GapReport]:
    """The same from the log alone, without the series that were not open then; all of one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return [
            await asyncio.to_thread(gap_report_of_fold, series_id, found)
            for series_id in await opened_series(connection, firm_id, named)
            if (found := await fold_in_one_moment(connection, series_id, as_of)) is not None
        ]


async def _kept(connection: Connection, series_ids: Sequence[SeriesId], at_least: Position) -> list[GapReport] | None:
    """The reports of these series in this order; None if the projections lack one of them or the position."""
    rows = await connection.fetch(statement("report_gap_headers"), series_ids)
    headers = {SeriesId(row["series_id"]): header(row) for row in rows}
    if len(headers) < len(series_ids) or not all(found.is_of(at_least) for found in headers.values()):
        return None
    formats = {series_id: found.series.format for series_id, found in headers.items()}
    gaps: dict[SeriesId, list[Gap]] = {series_id: [] for series_id in series_ids}
    cursor = await connection.cursor(statement("report_gaps"), series_ids)
    while rows := await cursor.fetch(GAPS_FETCHED):
        for row in rows:
            series_id = row["series_id"]
            gaps[series_id].append(_gap(row, formats[series_id]))
    explained: dict[SeriesId, list[GapExplanation]] = {series_id: [] for series_id in series_ids}
    for row in await connection.fetch(statement("report_explanations"), series_ids):
        explained[row["series_id"]].append(_explanation(row))
    return [await _finished(connection, headers[each], gaps[each], explained[each]) for each in series_ids]


async def _finished(
    connection: Connection, found: Header, gaps: list[Gap], explained: list[GapExplanation]
) -> GapReport:
    ends = await _ends(connection, found.series_id, stretches(gaps)) if gaps else []
    return await asyncio.to_thread(_report, found, gaps, ends, explained)


async def _ends(connection: Connection, series_id: SeriesId, between: list[Stretch]) -> list[Ends]:
    """The documents at the ends of each stretch; one that holds no number, or only pending ones, has none."""
    found = list[Ends]()
    for at in range(0, len(between), GAPS_FETCHED):
        some = between[at : at + GAPS_FETCHED]
        bounds = [each.after for each in some], [each.before for each in some]
        found += map(_ends_in, await connection.fetch(statement("report_neighbours"), series_id, *bounds))
    return found


def _ends_in(row: asyncpg.Record) -> Ends:
    if row["lowest"] is None:
        return Ends(None, None)
    return Ends(
        Neighbour(row["lowest"], row["lowest_shown"], row["lowest_date"]),
        Neighbour(row["highest"], row["highest_shown"], row["highest_date"]),
    )


def _report(found: Header, gaps: list[Gap], ends: list[Ends], explained: list[GapExplanation]) -> GapReport:
    opened = found.series
    return digested(
        GapReport(
            found.series_id,
            found.firm_id,
            found.mode,
            found.name,
            opened.document_type,
            opened.format,
            found.moment,
            found.terms,
            NO_DUPLICATES,
            found.date_inversions,
            with_explanations(with_neighbours(gaps, ends), explained) if gaps else [],
        )
    )


def _explanation(row: asyncpg.Record) -> GapExplanation:
    return GapExplanation(
        first=row["first"],
        last=row["last"],
        code=GapCode(row["code"]),
        text=row["text"],
        explained_at=row["explained_at"],
        explained_by=row["explained_by"],
        position=row["position"],
    )


def _gap(row: asyncpg.Record, number_format: str) -> Gap:
    return Gap(
        first=row["first"],
        last=row["last"],
        count=row["last"] - row["first"] + 1,
        printed_first=row["full_number"] or printed_number(number_format, row["first"]),
        printed_last=row["full_number"] or printed_number(number_format, row["last"]),
        reason=Fate(row["reason"]),
        device_id=row["device_id"],
        reserved_at=row["reserved_at"],
        reserved_by=row["reserved_by"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
        positions=(row["reserved_position"], row["ended_position"]),
        reason_text=row["reason_text"],
    )


def gap_report_of_fold(series_id: SeriesId, found: SeriesAsOf) -> GapReport:
    """The gap report of a series that was folded, whatever its events were read from."""
    series = found.series
    return digested(
        GapReport(
            series_id,
            series.firm_id,
            series.mode,
            series.name,
            series.document_type,
            series.format,
            found.moment,
            series.terms(),
            NO_DUPLICATES,
            series.date_inversions(),
            series.finished_gaps(),
        )
    )
