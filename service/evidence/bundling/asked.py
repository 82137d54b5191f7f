"""What a bundle is asked for, and what came of it: the moment, the series, and why there is none."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from msgspec import Struct

from projections.keeping.one_moment import Connection
from projections.reports.as_of import AsOf
from schemas.values import FirmId, IsoDate, LogId, Mode, Position, SeriesId, UnixSeconds

Reads = Callable[[], AbstractAsyncContextManager[Connection]]
"""Gives a connection that may read log, evidence and firms, for a moment: none is held while a reader is slow."""


class NoBundleError(Exception):
    """There is no such bundle; the message says what is missing and what to do."""


class NothingSealedError(NoBundleError):
    """The log has no note yet, or none that covers the moment that was asked for; a later try may find it."""


class UnknownToBundleError(NoBundleError):
    """There is no such firm, or no such series of it at that moment."""


class Asked(Struct, frozen=True, kw_only=True):
    """A firm and mode; `series` are ids or names, None meaning all with the drafts; `as_of` None means now.

    `begins` and `ends` are the period, which the manifest shows.
    """

    firm_id: FirmId
    mode: Mode
    series: Sequence[str] | None = None
    as_of: AsOf | None = None
    begins: IsoDate | None = None
    ends: IsoDate | None = None
    has_bodies: bool = False


class Scope(Struct, frozen=True, kw_only=True):
    """Which events: those up to `position`, all of them under the note of `size` entries. `head` was the log's end."""

    log_id: LogId
    asked: Asked
    series: tuple[SeriesId, ...]
    """Every series that it is about, in the order in which they were opened."""
    position: Position
    at: UnixSeconds | None
    size: int
    head: Position

    @property
    def streams(self) -> list[SeriesId] | None:
        """The streams that the events are of; None if they are of all, the drafts included."""
        return None if self.asked.series is None else list(self.series)
