"""The reports of CONTRACT.md D68: the number register and the gap report, now or as of an earlier position or time.

A report answers from one snapshot in which its projections stand at the same position. Where there is none (a
projection is new, or lags behind what the caller asked for), it is folded from the log instead.
"""

import asyncio
from collections.abc import Iterable
from itertools import islice
from typing import Final

import asyncpg
from msgspec import Struct

from projections.keeping.one_moment import Connection, Header, from_projections, header
from projections.replay.number_ranges import NumberRangeRow, RangeMerger, merged
from projections.replay.replay import Gap
from projections.replay.terms import Terms
from projections.reports.as_of import AsOf, Folded, Moment, folded
from projections.statements import statement
from schemas.values import Fate, FirmId, Mode, Number, Position, SeriesId

PER_PAGE: Final = 100

PIECES_MAX: Final = 20_000
"""How many pieces one page of the register reads; a range of more is cut there, and the next page goes on with it."""


class GapReport(Struct, frozen=True, tag_field="object", tag="gap_report"):
    """Every gap of a series up to `as_of`, in order, and the equation."""

    series_id: SeriesId
    firm_id: FirmId
    mode: Mode
    series_name: str
    as_of: Moment
    equation: Terms
    data: list[Gap]


class NumberRegister(Struct, frozen=True, tag_field="object", tag="number_register"):
    """A page of what became of every number of a series up to `as_of`, in order, and the equation."""

    series_id: SeriesId
    firm_id: FirmId
    mode: Mode
    series_name: str
    as_of: Moment
    equation: Terms
    data: list[NumberRangeRow]
    has_more: bool


class Part(Struct, frozen=True, kw_only=True):
    """A page of a register: at most `per_page` ranges above the number `after`, of one `fate`, all for none.

    A page that begins inside a range shows the rest of it; a page never reads many more than `pieces_max` pieces (one
    document is one), and may end inside a range for it.
    """

    series_id: SeriesId
    after: Number = Number(0)
    per_page: int = PER_PAGE
    fate: Fate | None = None
    pieces_max: int = PIECES_MAX


async def gap_report(
    connection: Connection, series_id: SeriesId, as_of: AsOf | None = None, *, at_least: Position | None = None
) -> GapReport | None:
    """The gap report of a series, none if there is (or was) no such series.

    `at_least` is a position the report must contain. Needs SELECT on the log and the projections, and a connection that
    is in no transaction. Raises asyncpg's errors, and HistoryBrokenError if the log does not replay.
    """
    if as_of is None and (report := await kept_gap_report(connection, series_id, at_least)) is not None:
        return report
    return await folded_gap_report(connection, series_id, as_of)


async def kept_gap_report(
    connection: Connection, series_id: SeriesId, at_least: Position | None = None
) -> GapReport | None:
    """The gap report from the projections alone; none where they cannot tell."""

    async def read() -> GapReport | None:
        row = await connection.fetchrow(statement("report_gap_header"), series_id)
        if row is None or not (found := header(row)).is_of(at_least or Position(0)):
            return None
        return _gap_report(found, await connection.fetch(statement("report_gaps"), [series_id]))

    return await from_projections(connection, ("counters", "gaps"), read, is_waiting=at_least is not None)


async def folded_gap_report(connection: Connection, series_id: SeriesId, as_of: AsOf | None) -> GapReport | None:
    """The gap report from the log alone: reads the whole series, so let few do so at once."""
    found = await folded(connection, series_id, as_of)
    return None if found is None else await asyncio.to_thread(_gap_report_of_fold, series_id, found)


async def gap_reports(
    connection: Connection, firm_id: FirmId | None = None, as_of: AsOf | None = None
) -> list[GapReport]:
    """The gap report of every series of a firm, of all firms for none. Otherwise as gap_report."""

    async def read() -> list[GapReport] | None:
        headers = [header(row) for row in await connection.fetch(statement("report_gap_headers"), firm_id)]
        if not all(found.is_of(Position(0)) for found in headers):
            return None
        rows = await connection.fetch(statement("report_gaps"), [found.series_id for found in headers])
        gaps: dict[SeriesId, list[asyncpg.Record]] = {found.series_id: [] for found in headers}
        for row in rows:
            gaps[row["series_id"]].append(row)
        return [_gap_report(found, gaps[found.series_id]) for found in headers]

    if as_of is None:
        reports = await from_projections(connection, ("counters", "gaps"), read, is_waiting=False)
        if reports is not None:
            return reports
    streams = [SeriesId(row["stream"]) for row in await connection.fetch(statement("log_streams"), firm_id)]
    found = [await gap_report(connection, series_id, as_of) for series_id in streams]
    return [report for report in found if report is not None]


async def number_register(
    connection: Connection, part: Part, as_of: AsOf | None = None, *, at_least: Position | None = None
) -> NumberRegister | None:
    """A page of the number register of a series. Otherwise as gap_report."""
    if as_of is None and (register := await kept_number_register(connection, part, at_least)) is not None:
        return register
    return await folded_number_register(connection, part, as_of)


async def kept_number_register(
    connection: Connection, part: Part, at_least: Position | None = None
) -> NumberRegister | None:
    """The page from the projections alone; none where they cannot tell."""

    async def read() -> NumberRegister | None:
        row = await connection.fetchrow(statement("report_register_header"), part.series_id)
        if row is None or not (found := header(row)).is_of(at_least or Position(0)):
            return None
        ranges, is_cut = await _ranges(connection, part)
        return _number_register(found, ranges[: part.per_page], has_more=is_cut or len(ranges) > part.per_page)

    return await from_projections(connection, ("counters", "register"), read, is_waiting=at_least is not None)


async def folded_number_register(connection: Connection, part: Part, as_of: AsOf | None) -> NumberRegister | None:
    """The page from the log alone: reads the whole series, so let few do so at once."""
    found = await folded(connection, part.series_id, as_of)
    return None if found is None else await register_of_fold(found, part)


async def _ranges(connection: Connection, part: Part) -> tuple[list[NumberRangeRow], bool]:
    """The merged ranges, at least one more than a page has if there are as many, and whether the bound cut them off."""
    query = statement("report_pieces") if part.fate is None else statement("report_pieces_of_fate")
    of_fate = () if part.fate is None else (part.fate,)
    merger, ranges, reached, pieces_read = RangeMerger(), list[NumberRangeRow](), part.after, 0
    is_cut = False
    while len(ranges) <= part.per_page and (rows := await connection.fetch(query, part.series_id, reached, *of_fate)):
        if is_cut := pieces_read >= part.pieces_max:
            break
        pieces = _above(map(_piece, rows), part.after)
        ranges += [done for piece in pieces if (done := merger.add(piece)) is not None]
        reached, pieces_read = rows[-1]["last"], pieces_read + len(rows)
    return (ranges if merger.open is None else [*ranges, merger.open]), is_cut


def _above(pieces: Iterable[NumberRangeRow], number: Number) -> Iterable[NumberRangeRow]:
    return (rest for piece in pieces if (rest := piece.after(number)) is not None)


def _piece(row: asyncpg.Record) -> NumberRangeRow:
    return NumberRangeRow(
        row["first"],
        row["last"],
        Fate(row["fate"]),
        row["device_id"],
        row["reserved_at"],
        row["ended_at"],
        row["document_id"],
    )


def _gap(row: asyncpg.Record) -> Gap:
    return Gap(
        first=row["first"],
        last=row["last"],
        count=row["last"] - row["first"] + 1,
        reason=Fate(row["reason"]),
        device_id=row["device_id"],
        reserved_at=row["reserved_at"],
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
        positions=(row["reserved_position"], row["ended_position"]),
    )


def _gap_report(found: Header, rows: Iterable[asyncpg.Record]) -> GapReport:
    gaps = [_gap(row) for row in rows]
    return GapReport(found.series_id, found.firm_id, Mode(found.mode), found.name, _moment(found), _terms(found), gaps)


def _number_register(found: Header, ranges: list[NumberRangeRow], *, has_more: bool) -> NumberRegister:
    return NumberRegister(
        found.series_id,
        found.firm_id,
        Mode(found.mode),
        found.name,
        _moment(found),
        _terms(found),
        ranges,
        has_more,
    )


def _moment(found: Header) -> Moment:
    return Moment(found.position, found.at)


def _terms(found: Header) -> Terms:
    return Terms(
        found.taken, found.standing, found.voided, found.withdrawn, found.pending, found.released, found.expired
    )


def _gap_report_of_fold(series_id: SeriesId, found: Folded) -> GapReport:
    series = found.series
    gaps = sorted(series.gaps, key=lambda gap: gap.first)
    return GapReport(series_id, series.firm_id, series.mode, series.name, found.moment, series.terms(), gaps)


async def register_of_fold(found: Folded, part: Part) -> NumberRegister:
    """A page of what was folded; made in a thread, as a long series would stall everybody else's requests."""
    return await asyncio.to_thread(_number_register_of_fold, found, part)


def _number_register_of_fold(found: Folded, part: Part) -> NumberRegister:
    series = found.series
    pieces = (piece for piece in series.pieces() if part.fate is None or piece.fate is part.fate)
    ranges = list(islice(merged(_above(pieces, part.after)), part.per_page + 1))
    return NumberRegister(
        part.series_id,
        series.firm_id,
        series.mode,
        series.name,
        found.moment,
        series.terms(),
        ranges[: part.per_page],
        len(ranges) > part.per_page,
    )
