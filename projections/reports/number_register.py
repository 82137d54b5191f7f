"""The number register of CONTRACT.md D68: what became of every number of a series, in pages; now, or as of earlier.

It is made in two ways, like the gap report, with the same needs and the same errors.
"""

import asyncio
from itertools import islice
from typing import Final

import asyncpg
from msgspec import Struct

from projections.keeping.one_moment import Connection, from_projections
from projections.replay.number_ranges import RangeMerger, above, merged
from projections.reports.as_of import AsOf, SeriesAsOf, fold_series
from projections.reports.report_header import Header, header
from projections.statements import statement
from schemas.api.queries import PER_PAGE
from schemas.api.reports import NumberRangeRow, NumberRegister
from schemas.number_formats import printed_number
from schemas.values import Fate, Number, Position, SeriesId

PIECES_FETCHED: Final = 500
"""The LIMIT of report_pieces.sql and report_pieces_of_fate.sql; if fewer rows come, they are the last ones.

PostgreSQL and the service take about two milliseconds for 500 pieces; then other requests have their turn.
"""

PIECES_MAX: Final = 20_000
"""How many pieces one page of the register reads; a longer range is cut there, and the next page continues it."""


class RangesWanted(Struct, frozen=True, kw_only=True):
    """A page of a register: at most `per_page` ranges above the number `after`, of one `fate`, None meaning all.

    A page that begins inside a range shows the rest of it. A page reads about `pieces_max` pieces at most (one document
    is one piece), so it may end inside a range.
    """

    series_id: SeriesId
    after: Number = Number(0)
    per_page: int = PER_PAGE
    fate: Fate | None = None
    pieces_max: int = PIECES_MAX


async def kept_number_register(
    connection: Connection, wanted: RangesWanted, at_least: Position | None = None
) -> NumberRegister | None:
    """The page from the projections. It contains the position `at_least`; this waits FRESH_SECONDS_MAX for it."""

    async def read() -> NumberRegister | None:
        row = await connection.fetchrow(statement("report_register_header"), wanted.series_id)
        if row is None or not (found := header(row)).is_of(at_least or Position(0)):
            return None
        ranges, is_cut = await _ranges(connection, wanted, found.series.format)
        return _register(found, ranges[: wanted.per_page], has_more=is_cut or len(ranges) > wanted.per_page)

    return await from_projections(connection, ("counters", "register"), read, is_waiting=at_least is not None)


async def folded_number_register(
    connection: Connection, wanted: RangesWanted, as_of: AsOf | None
) -> NumberRegister | None:
    """The page from the log alone; None if there was no such series then.

    This reads the whole series, so the caller must bound how many run at once.
    """
    found = await fold_series(connection, wanted.series_id, as_of)
    return None if found is None else await register_of_fold(found, wanted)


async def _ranges(
    connection: Connection, wanted: RangesWanted, number_format: str
) -> tuple[list[NumberRangeRow], bool]:
    """The merged ranges, at least one more than a page has if there are more, and whether `pieces_max` cut them."""
    query = statement("report_pieces") if wanted.fate is None else statement("report_pieces_of_fate")
    of_fate = () if wanted.fate is None else (wanted.fate,)
    merger, ranges, reached, pieces_read = RangeMerger(), list[NumberRangeRow](), wanted.after, 0
    is_cut = is_last = False
    while len(ranges) <= wanted.per_page and not is_last:
        rows = await connection.fetch(query, wanted.series_id, reached, *of_fate)
        if is_cut := bool(rows) and pieces_read >= wanted.pieces_max:
            break
        pieces = above((_piece(row, number_format) for row in rows), wanted.after, number_format)
        ranges += [done for piece in pieces if (done := merger.add(piece)) is not None]
        reached, pieces_read = rows[-1]["last"] if rows else reached, pieces_read + len(rows)
        is_last = len(rows) < PIECES_FETCHED
    return (ranges if merger.open is None else [*ranges, merger.open]), is_cut


def _piece(row: asyncpg.Record, number_format: str) -> NumberRangeRow:
    shown, date = row["full_number"], row["date"]
    return NumberRangeRow(
        row["first"],
        row["last"],
        shown or printed_number(number_format, row["first"]),
        shown or printed_number(number_format, row["last"]),
        Fate(row["fate"]),
        row["device_id"],
        row["reserved_at"],
        row["ended_at"],
        row["document_id"],
        date,
        date,
    )


def _register(found: Header, ranges: list[NumberRangeRow], *, has_more: bool) -> NumberRegister:
    opened = found.series
    return NumberRegister(
        found.series_id,
        found.firm_id,
        found.mode,
        found.name,
        opened.document_type,
        opened.format,
        found.moment,
        found.terms,
        ranges,
        has_more,
    )


async def register_of_fold(found: SeriesAsOf, wanted: RangesWanted) -> NumberRegister:
    """A page of a folded series. A thread makes it, because a long series would stall all other requests."""
    return await asyncio.to_thread(page_of_fold, found, wanted)


def page_of_fold(found: SeriesAsOf, wanted: RangesWanted) -> NumberRegister:
    """The same at once."""
    series = found.series
    pieces = (piece for piece in series.pieces() if wanted.fate is None or piece.fate is wanted.fate)
    ranges = list(islice(merged(above(pieces, wanted.after, series.format)), wanted.per_page + 1))
    has_more = len(ranges) > wanted.per_page
    return register_with(wanted.series_id, found, ranges[: wanted.per_page], has_more=has_more)


def register_with(
    series_id: SeriesId, found: SeriesAsOf, ranges: list[NumberRangeRow], *, has_more: bool
) -> NumberRegister:
    """The register of a folded series with these ranges."""
    series = found.series
    return NumberRegister(
        series_id,
        series.firm_id,
        series.mode,
        series.name,
        series.document_type,
        series.format,
        found.moment,
        series.terms(),
        ranges,
        has_more,
    )
