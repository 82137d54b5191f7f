"""The header of a report: the counter of a series, and the positions of the projections that the report reads."""

import asyncpg
import msgspec
from msgspec import Struct

from schemas.api.reports import Moment, Terms
from schemas.events import SeriesOpened
from schemas.record import decode_record
from schemas.values import Fate, FirmId, LogId, Mode, Position, SeriesId, UnixSeconds


class Header(Struct, frozen=True):
    """The counter of a series, and the positions of a report's projections in its log."""

    log_id: LogId
    series_id: SeriesId
    firm_id: FirmId
    mode: Mode
    name: str
    taken: int
    standing: int
    voided: int
    withdrawn: int
    pending: int
    released: int
    expired: int
    lost: int
    position: Position
    at: UnixSeconds | None
    rows_position: Position
    opened: str
    date_inversions: int = 0

    def is_of(self, at_least: Position) -> bool:
        """Whether counter and rows are of the same position, and it contains `at_least`."""
        return self.position == self.rows_position >= at_least

    @property
    def moment(self) -> Moment:
        """The position and time for which the counter is true."""
        return Moment(self.position, self.at)

    @property
    def series(self) -> SeriesOpened:
        """The event that opened the series."""
        event = decode_record(self.opened).event
        assert isinstance(event, SeriesOpened), "the first event of a series opens it"
        return event

    @property
    def terms(self) -> Terms:
        """The terms of the counter's equation."""
        return Terms(self.taken, **{fate: getattr(self, fate) for fate in Fate})


def header(row: asyncpg.Record) -> Header:
    """The header in a row of report_gap_headers.sql or report_register_header.sql."""
    return msgspec.convert(dict(row.items()), Header)
