"""The report from the log alone, now or as of an earlier position or time."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from projections.keeping.one_moment import Connection
from projections.models.invoices.content import facts_of
from projections.models.projection import array_text
from projections.replay.dated_documents import DatedDocument, DatedDocuments
from projections.replay.replay import Replay
from projections.reports.as_of import ROWS_FETCHED, AsOf, position_as_of
from projections.reports.romania.declared_ranges import SeriesRanges, report_of
from projections.reports.romania.kept_ranges import series_opened
from projections.reports.romania.number_facts import (
    CarriedBy,
    NumberFact,
    OpenedSeries,
    RangesDeclared,
    SumsOfYear,
)
from projections.statements import statement
from schemas.api.d394 import D394Report
from schemas.api.reports import Moment, NumberRangeRow
from schemas.record import decode_record
from schemas.values import Digest, DocumentId, Position

CONTENTS_FETCHED: Final = 200
"""How many contents are read at once; each has at most 16 KiB."""


class FoldedSeries(Struct, frozen=True):
    """The numbers of a series, in order, and its documents."""

    pieces: list[NumberRangeRow]
    documents: Mapping[DocumentId, DatedDocument]


async def folded_d394_report(connection: Connection, wanted: RangesDeclared, as_of: AsOf | None) -> D394Report:
    """The report as of `as_of`, None meaning the head.

    This reads every fiscal series of the firm, so the caller must bound how many run at once. What was erased since
    then is not known any more. The connection must be in no transaction. Raises asyncpg's errors, and
    HistoryBrokenError if an event does not follow from those before it.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        head = Position(await connection.fetchval(statement("log_head"), wanted.log_id) or 0)
        position = await position_as_of(connection, wanted.log_id, head, as_of)
        time = await connection.fetchval(statement("log_time"), wanted.log_id, position)
        found = [
            await _ranges(connection, each, wanted, position)
            for each in await series_opened(connection, wanted, position)
        ]
    return report_of(found, wanted, Moment(position, time))


async def fold_documents(connection: Connection, series: OpenedSeries, position: Position) -> FoldedSeries:
    """The numbers and documents of the series up to this position. Raises HistoryBrokenError."""
    replay, documents = Replay(), DatedDocuments()
    cursor = await connection.cursor(statement("log_read_stream"), series.series_id, position)
    while rows := await cursor.fetch(ROWS_FETCHED):
        for row in rows:
            record = decode_record(row["record"])
            replay.apply(record)
            documents.apply(record)
    pieces = await asyncio.to_thread(list, replay.series[series.series_id].pieces())
    return FoldedSeries(pieces, documents.by_id)


def fact_of(
    piece: NumberRangeRow, documents: Mapping[DocumentId, DatedDocument], negative: set[DocumentId]
) -> NumberFact:
    """The same numbers with what their document shows."""
    carried = None
    if piece.invoice_id is not None:
        document = documents[piece.invoice_id]
        carried = CarriedBy(
            piece.invoice_id,
            document.full_number,
            document.date,
            document.issued_at,
            is_negative=piece.invoice_id in negative,
        )
    return NumberFact(piece.first, piece.last, piece.fate, piece.reserved_at, piece.ended_at, carried)


async def _ranges(
    connection: Connection, series: OpenedSeries, wanted: RangesDeclared, position: Position
) -> SeriesRanges:
    folded = await fold_documents(connection, series, position)
    dated = await asyncio.to_thread(_dated, folded.documents, wanted)
    negative = await _negative(connection, dated)
    return await asyncio.to_thread(_ranges_of, series, wanted, folded, negative)


def _dated(documents: Mapping[DocumentId, DatedDocument], wanted: RangesDeclared) -> Mapping[DocumentId, DatedDocument]:
    """The documents that are dated in the period."""
    first, last = wanted.period.days
    return {document_id: each for document_id, each in documents.items() if first <= each.date <= last}


def _ranges_of(
    series: OpenedSeries, wanted: RangesDeclared, folded: FoldedSeries, negative: set[DocumentId]
) -> SeriesRanges:
    ranges, years = SeriesRanges(series, wanted), wanted.period.years
    sums = [SumsOfYear(year) for year in years]
    for piece in folded.pieces:
        fact = fact_of(piece, folded.documents, negative)
        ranges.add(fact)
        for each in sums:
            each.add(fact)
    ranges.allocate([(year, each.sums()) for year, each in zip(years, sums, strict=True)])
    return ranges.end()


async def _negative(connection: Connection, documents: Mapping[DocumentId, DatedDocument]) -> set[DocumentId]:
    """Those whose total is negative; of those whose total is erased, the reversals."""
    negative: set[DocumentId] = set()
    ids = list(documents)
    for at in range(0, len(ids), CONTENTS_FETCHED):
        some = ids[at : at + CONTENTS_FETCHED]
        digests = [content for each in some if (content := documents[each].content) is not None]
        said = await _totals(connection, digests)
        for each in some:
            is_negative = said.get(documents[each].content)
            if documents[each].is_reversal if is_negative is None else is_negative:
                negative.add(each)
    return negative


async def _totals(connection: Connection, digests: Sequence[Digest]) -> Mapping[Digest | None, bool]:
    """Whether the total is negative, of each content that is kept and has one."""
    rows = await connection.fetch(statement("contents_read"), array_text(digests))
    said = {Digest(row["digest"].hex()): facts_of(row["body"]).amounts_ron.total for row in rows}
    return {digest: total < 0 for digest, total in said.items() if total is not None}
