"""The reports of a bundle (service/evidence/README.md): gap reports and whole registers as JSON, from events alone.

The exporter and `numbering replay FILE` make the same bytes, because both make them here. Each file is a JSON array of
one report for each series, in the order in which the series were opened.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from projections.replay.number_ranges import merged
from projections.replay.replay import Replay
from projections.reports.as_of import SeriesAsOf
from projections.reports.gap_report import gap_report_of_fold
from projections.reports.number_register import register_with
from schemas.api.reports import Gap, GapReport, Moment, NumberRangeRow, NumberRegister
from schemas.values import SeriesId

ROWS_AT_ONCE: Final = 200
"""How many rows are encoded at once: about a millisecond."""

_HOLE: Final = b'"data":['
"""In a text quotation marks are escaped, so this is the field alone."""


class WholeReports(Struct, frozen=True):
    """What gaps.json and register.json hold."""

    gaps: bytes
    register: bytes


def whole_reports(replay: Replay, moment: Moment) -> WholeReports:
    """Both files of a partition, or of some series of it, after the events so far; `moment` is the bundle's."""
    found = [(series_id, SeriesAsOf(moment, series)) for series_id, series in replay.series.items()]
    return WholeReports(
        joined(gap_report_piece(*each) for each in found), joined(register_piece(*each) for each in found)
    )


def gap_report_piece(series_id: SeriesId, found: SeriesAsOf) -> bytes:
    """The gap report of one series, as JSON."""
    return b"".join(gap_report_pieces(series_id, found))


def register_piece(series_id: SeriesId, found: SeriesAsOf) -> bytes:
    """The whole register of one series, as JSON."""
    return b"".join(register_pieces(series_id, found))


def joined(reports: Iterable[bytes]) -> bytes:
    """The file of these reports: a JSON array."""
    return b"[" + b",".join(reports) + b"]"


def gap_report_pieces(series_id: SeriesId, found: SeriesAsOf) -> Iterator[bytes]:
    """The same in pieces. Its gaps are in memory, and nothing else is."""
    report = gap_report_of_fold(series_id, found)
    return _pieces(replace(report, data=[]), report.data)


def register_pieces(series_id: SeriesId, found: SeriesAsOf) -> Iterator[bytes]:
    """The same in pieces."""
    hollow = register_with(series_id, found, [], has_more=False)
    return _pieces(hollow, merged(found.series.pieces()))


def _pieces(hollow: GapReport | NumberRegister, rows: Iterable[Gap] | Iterable[NumberRangeRow]) -> Iterator[bytes]:
    """The report with these rows, a few at a time."""
    head, hole, tail = msgspec.json.encode(hollow).partition(_HOLE)
    yield head + hole
    waiting, comma = iter(rows), b""
    while some := list(islice(waiting, ROWS_AT_ONCE)):
        yield comma + msgspec.json.encode(some)[1:-1]
        comma = b","
    yield tail
