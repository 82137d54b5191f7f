"""The rows of a numbering decision, from the log alone (OMFP 2634/2015, annex 1, point 24).

The decision names, for each year, the number of the first document of each series. The last number is a plan: first +
size - 1, extended to the highest number that was taken already (practice, no rule).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from projections.keeping.one_moment import Connection
from projections.reports.as_of import AsOf, position_as_of
from projections.reports.romania.folded_ranges import FoldedSeries, fact_of, fold_documents
from projections.reports.romania.kept_ranges import series_opened
from projections.reports.romania.number_facts import OpenedSeries, RangesDeclared, SumsOfYear, YearSums, whole_year
from projections.statements import statement
from schemas.api.decision import DecidedSeries, FirstNumber
from schemas.api.reports import Moment
from schemas.number_formats import padded, text_around
from schemas.values import DEFAULT_LOG, NUMBER_MAX, DocumentType, FirmId, LogId, Mode, Number, Position

_ORDER: Final = list(DocumentType)


class DecisionWanted(Struct, frozen=True, kw_only=True):
    """The firm, mode and year of a decision; `range_sizes` are those of series that differ, by id or name."""

    firm_id: FirmId
    mode: Mode
    year: int
    zone: ZoneInfo
    range_size: int
    range_sizes: Mapping[str, int] = {}
    log_id: LogId = DEFAULT_LOG

    def size_of(self, series: OpenedSeries) -> int:
        """How many numbers are planned for this series."""
        return self.range_sizes.get(series.series_id, self.range_sizes.get(series.name, self.range_size))


class DecisionRows(Struct, frozen=True):
    """The rows as of a moment."""

    as_of: Moment
    rows: list[DecidedSeries]


async def decision_rows(connection: Connection, wanted: DecisionWanted, as_of: AsOf | None) -> DecisionRows:
    """A row for each series that was opened before the year was over, as of `as_of`, None meaning the head.

    For a year that has not begun, the first number is what the counter gives next; it moves on until then. This reads
    every series of the firm. The connection must be in no transaction. Raises asyncpg's errors, and HistoryBrokenError.
    """
    ranges = RangesDeclared(
        firm_id=wanted.firm_id, mode=wanted.mode, period=whole_year(wanted.year, wanted.zone), log_id=wanted.log_id
    )
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        head = Position(await connection.fetchval(statement("log_head"), wanted.log_id) or 0)
        position = await position_as_of(connection, wanted.log_id, head, as_of)
        time = await connection.fetchval(statement("log_time"), wanted.log_id, position)
        opened = await series_opened(connection, ranges, position, frozenset(DocumentType))
        opened.sort(key=lambda each: _ORDER.index(each.document_type))  # in each type still as they were opened
        rows = [
            _row(number, each, await fold_documents(connection, each, position), wanted)
            for number, each in enumerate(opened, 1)
        ]
    return DecisionRows(Moment(position, time), rows)


def _row(number: int, series: OpenedSeries, folded: FoldedSeries, wanted: DecisionWanted) -> DecidedSeries:
    opened = datetime.fromtimestamp(series.opened_at, wanted.zone).year
    years = {year: _sums(folded, year, wanted.zone) for year in range(min(opened, wanted.year), wanted.year + 1)}
    first = years[wanted.year].first_number(series.start_number)
    taken = years[wanted.year].reached
    last = min(max(first + wanted.size_of(series) - 1, taken), NUMBER_MAX)
    before, after = text_around(series.format, str(wanted.year))
    return DecidedSeries(
        row=number,
        document_type=series.document_type,
        series_id=series.series_id,
        series_name=series.name,
        format=series.format,
        first=first,
        last=Number(last),
        first_text=f"{before}{padded(first)}{after}",
        last_text=f"{before}{padded(last)}{after}",
        taken=Number(taken) if taken >= first else None,
        first_numbers=[FirstNumber(year, sums.first_number(series.start_number)) for year, sums in years.items()],
    )


def _sums(folded: FoldedSeries, year: int, zone: ZoneInfo) -> YearSums:
    sums = SumsOfYear(whole_year(year, zone))
    for piece in folded.pieces:
        sums.add(fact_of(piece, folded.documents, set()))
    return sums.sums()
