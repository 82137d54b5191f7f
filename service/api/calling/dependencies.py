"""The objects that the application needs; `service/wiring.py` makes them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import asyncpg

from schemas.values import UnixSeconds
from service.access.callers import Access
from service.access.lost_history import LostHistory
from service.access.read_records import ReadRecorder
from service.access.reservation_tokens import TokenSealer
from service.api.admission.bundle_places import BundlePlaces
from service.api.admission.reply_room import ReplyRoom
from service.api.admission.turns import FOLDS_MAX, LISTINGS_MAX, LISTS_MAX, Turns
from service.configuration.settings import Settings
from service.log.event_log import EventLog
from service.metrics import Metrics
from service.writer.writer import Writer

if TYPE_CHECKING:
    from service.tracing.tracer import Tracer


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What the handlers of the API need.

    `reads` is a pool of connections of the role that may read projections. A request that reads a whole series takes a
    turn of `folds` before it takes a connection, one that lists documents a turn of `lists`, and
    one that makes a file of a report a turn of `listings`.
    `tracer` is there if spans are made.
    """

    writer: Writer
    log: EventLog
    access: Access
    sealer: TokenSealer
    lost_history: LostHistory
    settings: Settings
    reads: asyncpg.Pool
    metrics: Metrics
    clock: Callable[[], UnixSeconds]
    read_recorder: ReadRecorder
    tracer: "Tracer | None" = None
    folds: Turns = field(default_factory=lambda: Turns(FOLDS_MAX))
    listings: Turns = field(default_factory=lambda: Turns(LISTINGS_MAX))
    lists: Turns = field(default_factory=lambda: Turns(LISTS_MAX))
    replies: ReplyRoom = field(default_factory=ReplyRoom)
    bundles: BundlePlaces = field(default_factory=BundlePlaces)

    def today(self) -> date:
        """Today's date in NUMBERING_TIME_ZONE (CONTRACT.md D70)."""
        return self.day_of(self.clock())

    def day_of(self, at: UnixSeconds) -> date:
        """The date in NUMBERING_TIME_ZONE at that time."""
        return _day(at, self.settings.zone)


@lru_cache(1024)
def _day(at: UnixSeconds, zone: ZoneInfo) -> date:
    """The date; kept, because requests of one second ask for the same one, and each look at a zone takes 2 us."""
    return datetime.fromtimestamp(at, zone).date()
