"""The report from the projections `register` and `invoices`, as of one moment."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from projections.keeping.one_moment import Connection, from_projections
from projections.reports.romania.declared_ranges import SeriesRanges, report_of
from projections.reports.romania.number_facts import CarriedBy, NumberFact, OpenedSeries, RangesDeclared, YearSums
from projections.statements import statement
from schemas.api.d394 import D394Report
from schemas.api.reports import Moment
from schemas.events import SeriesOpened
from schemas.record import decode_record
from schemas.values import DocumentType, Fate, Position, SeriesId

PROJECTIONS: Final = ("register", "invoices")

INVOICES: Final = frozenset({DocumentType.FISCAL})

FACTS_FETCHED: Final = 200
"""How many rows are read at once: a few milliseconds, and then other requests have their turn."""


async def kept_d394_report(
    connection: Connection, wanted: RangesDeclared, at_least: Position | None = None
) -> D394Report | None:
    """The report; None if the projections cannot give it. It contains the position `at_least`.

    Needs SELECT on the log and the projections, and a connection that is in no transaction. Raises asyncpg's errors.
    """

    async def read() -> D394Report | None:
        row = await connection.fetchrow(statement("d394_moment"), wanted.log_id)
        if row is None or not row["position"] == row["rows_position"] >= (at_least or Position(0)):
            return None
        return await _report(connection, wanted, Moment(row["position"], row["at"]))

    return await from_projections(connection, PROJECTIONS, read, is_waiting=at_least is not None)


async def series_opened(
    connection: Connection, wanted: RangesDeclared, position: Position, types: frozenset[DocumentType] = INVOICES
) -> list[OpenedSeries]:
    """The firm's series of these types that were opened by this position and before the period was over."""
    rows = await connection.fetch(statement("log_series_opened"), wanted.firm_id)
    found: list[OpenedSeries] = []
    for record in (decode_record(row["record"]) for row in rows):
        is_there = record.position <= position and record.at < wanted.period.over_at
        if not is_there or (record.log, record.mode) != (wanted.log_id, wanted.mode):
            continue
        if isinstance(record.event, SeriesOpened) and record.event.document_type in types:
            found.append(OpenedSeries.of(record, record.event))
    return found


async def _report(connection: Connection, wanted: RangesDeclared, moment: Moment) -> D394Report:
    opened = await series_opened(connection, wanted, moment.position)
    found = {each.series_id: SeriesRanges(each, wanted) for each in opened}
    series_ids = list(found)
    await _allocate(connection, wanted, found)
    days = (wanted.period.start, wanted.period.end)
    of = (series_ids, wanted.firm_id, wanted.mode, *days, wanted.period.over_at)
    cursor = await connection.cursor(statement("d394_numbers"), *of)
    while rows := await cursor.fetch(FACTS_FETCHED):
        for row in rows:
            found[row["series_id"]].add(_fact(row))
    return report_of([each.end() for each in found.values()], wanted, moment)


async def _allocate(connection: Connection, wanted: RangesDeclared, found: dict[SeriesId, SeriesRanges]) -> None:
    years = wanted.period.years
    sums: list[Sequence[asyncpg.Record]] = []
    for year in years:
        times = (year.begins_at, year.over_at, year.start, year.end)
        rows = await connection.fetch(statement("d394_sums"), list(found), wanted.firm_id, wanted.mode, *times)
        sums.append(rows)
    for of_years in zip(*sums, strict=True):
        series_id = SeriesId(of_years[0]["series_id"])
        found[series_id].allocate([(year, _sums(row)) for year, row in zip(years, of_years, strict=True)])


def _sums(row: asyncpg.Record) -> YearSums:
    return YearSums(
        taken_before=row["taken_before"] or 0,
        taken=row["taken"] or 0,
        dated_before=row["dated_before"] or 0,
        dated_first=row["dated_first"],
        dated_last=row["dated_last"] or 0,
    )


def _fact(row: asyncpg.Record) -> NumberFact:
    carried = None
    if row["document_id"] is not None:
        carried = CarriedBy(
            row["document_id"], row["full_number"], row["date"], row["issued_at"], is_negative=row["is_negative"]
        )
    return NumberFact(row["first"], row["last"], Fate(row["fate"]), row["taken_at"], row["ended_at"], carried)
