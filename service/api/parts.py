"""What the web facade is made of; the composition root fills it in."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import asyncpg
from aiohttp import web

from schemas.values import UnixSeconds
from service.access.callers import Access
from service.access.reservation_tokens import TokenSealer
from service.api.admission.rate_limit import RateLimit
from service.api.reports.turns import Folds
from service.log.event_log import EventLog
from service.metrics import Metrics
from service.settings import Settings
from service.writer.writer import Writer


class Health(StrEnum):
    """How a part is."""

    OK = "ok"
    DEGRADED = "degraded"
    """Away or behind; HTTP can go on without it."""
    DOWN = "down"
    """Nothing can be answered without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a client may take, in seconds: over its first or next request, its headers, its body, our reply."""

    idle_seconds: float = 75
    head_seconds: float = 20
    body_seconds: float = 20
    reply_seconds: float = 60


Check = Callable[[], Awaitable[Health]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebParts:
    """The parts. `checks` are asked by /readyz, by name; `reads` is a pool of the role that may read projections.

    Who reads a whole series takes a turn of `folds` before a connection.
    """

    writer: Writer
    log: EventLog
    access: Access
    sealer: TokenSealer
    settings: Settings
    reads: asyncpg.Pool
    checks: Mapping[str, Check]
    metrics: Metrics
    clock: Callable[[], UnixSeconds]
    patience: Patience = Patience()
    folds: Folds = field(default_factory=Folds)

    def today(self) -> date:
        """The day it is in NUMBERING_TIME_ZONE (CONTRACT.md D70)."""
        return self.day_of(self.clock())

    def day_of(self, at: UnixSeconds) -> date:
        """The day it was there at that time."""
        return datetime.fromtimestamp(at, ZoneInfo(self.settings.time_zone)).date()


PARTS: Final = web.AppKey("parts", WebParts)
LIMIT: Final = web.AppKey("limit", RateLimit)
