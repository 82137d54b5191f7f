"""The reports of a bundle (service/evidence/README.md): gap reports and whole registers as JSON, from events alone.

The exporter and `numbering replay FILE` make the same bytes, because both make them here. Each file is `joined` of one
piece for each series, in the order in which the series were opened.
"""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from projections.replay.replay import Replay
from projections.reports.as_of import SeriesAsOf
from projections.reports.gap_report import gap_report_of_fold
from projections.reports.number_register import RangesWanted, page_of_fold
from schemas.api.reports import Moment
from schemas.values import NUMBER_MAX, SeriesId


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
    return msgspec.json.encode(gap_report_of_fold(series_id, found))


def register_piece(series_id: SeriesId, found: SeriesAsOf) -> bytes:
    """The register of one series, as JSON."""
    wanted = RangesWanted(series_id=series_id, per_page=NUMBER_MAX)
    return msgspec.json.encode(page_of_fold(found, wanted))


def joined(pieces: Iterable[bytes]) -> bytes:
    """The file of these pieces: a JSON array."""
    return b"[" + b",".join(pieces) + b"]"
