"""Keeps a snapshot of what this process knows, whenever the last one has become old."""

import asyncio
from typing import Final

import structlog
from msgspec import Struct

from service.log.event_log import EventLog, LogFaultError
from service.log.snapshots import keep
from service.writer.known_state import READ_LIMIT, KnownState

EVENTS_BETWEEN: Final = 50_000
"""How many events a process may have to fold to begin: about a second's worth."""

EVENTS_AT_STOP: Final = READ_LIMIT
"""At a clean stop the same for fewer: the next start then has one read to make."""

PERIOD_SECONDS: Final = 10.0

_say = structlog.get_logger("snapshots")


class SnapshotKeeper(Struct):
    """Looks every PERIOD_SECONDS. Several processes may keep snapshots of one log: the newest stays."""

    log: EventLog
    known: KnownState

    async def run(self) -> None:
        """Keep snapshots until cancelled; belongs in a TaskGroup. A store that is away is tried again next time."""
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            try:
                await self.keep()
            except LogFaultError as fault:
                _say.info("snapshot.not_kept", fault=type(fault).__name__)

    async def keep_at_stop(self) -> None:
        """Keep one where the process stops cleanly. A store that is away then costs the next start some time."""
        try:
            await self.keep(EVENTS_AT_STOP)
        except LogFaultError as fault:
            _say.info("snapshot.not_kept", fault=type(fault).__name__)

    async def keep(self, events_between: int = EVENTS_BETWEEN) -> bool:
        """Keep one if the last is `events_between` behind; whether one was kept. Raises LogUnavailableError."""
        position = self.known.state.position
        if position - self.known.snapshot_position < events_between or not await keep(self.log, self.known.state):
            return False
        self.known.note_snapshot(position)
        return True
