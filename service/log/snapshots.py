"""Snapshots of the state, so that a process begins in moments however long the log is.

A snapshot is a cache. It counts only for the code that made it (a digest of its source), for the history it was
made of (the digest of its last record), and until the log refuses something decided on it; otherwise the log is folded
from its first event.
"""

import asyncio
import hashlib
from pathlib import Path
from typing import Final, Protocol

import msgspec
import structlog
from msgspec import Struct

from schemas import outcomes, values
from schemas.record import StoredRecord
from schemas.values import Position
from service.core import blocks, encoded_state, evolve, ranges, state
from service.core.encoded_state import decode_state, encode_state
from service.core.state import State
from service.log.event_log import EventLog, LogFaultError, Snapshot

EVENTS_BETWEEN: Final = 50_000
"""How many events a process may have to fold to begin: about a second's worth."""

PERIOD_SECONDS: Final = 10.0

_say = structlog.get_logger("snapshots")


def release() -> str:
    """The digest of the code that folds: a snapshot of any other is not used."""
    digest = hashlib.sha256()
    for module in (values, outcomes, state, blocks, evolve, ranges, encoded_state):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


RELEASE: Final = release()


async def load(log: EventLog) -> State | None:
    """The state of the log's snapshot, if it has one that counts. Raises LogUnavailableError."""
    found = await log.snapshot(RELEASE)
    if found is None:
        return None
    last = await log.record_at(found.position)
    if last is None or _digest(last) != found.record_digest:
        _say.warning("snapshot.of_another_history", position=found.position)
        return None
    try:
        return await asyncio.to_thread(decode_state, found.state)
    except msgspec.DecodeError:
        _say.warning("snapshot.damaged", position=found.position)
        return None


class Folded(Protocol):
    """What a process knows of the log.

    `snapshot_position` is where the snapshot is that its present state began from, or that was kept of it; 0 if there
    is none, or none that counts any more.
    """

    state: State
    snapshot_position: Position


class SnapshotKeeper(Struct):
    """Keeps a snapshot of what this process knows, whenever the last one has become old."""

    log: EventLog
    known: Folded

    async def run(self) -> None:
        """Look from time to time until cancelled; belongs in a TaskGroup. A store that is away is tried again."""
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            try:
                await self.keep()
            except LogFaultError as fault:
                _say.info("snapshot.not_kept", fault=type(fault).__name__)

    async def keep(self, events_between: int = EVENTS_BETWEEN) -> bool:
        """Keep one if the last is `events_between` behind; whether one was kept. Raises LogUnavailableError."""
        present = self.known.state
        if present.position - self.known.snapshot_position < events_between:
            return False
        last = await self.log.record_at(present.position)
        if last is None:
            return False
        # Not on the event loop: the state is a value, so another thread may read it while the writer goes on.
        encoded = await asyncio.to_thread(encode_state, present)
        await self.log.keep_snapshot(RELEASE, Snapshot(present.position, _digest(last), encoded))
        if self.known.state.position >= present.position:  # unless the log refused what was decided on it meanwhile
            self.known.snapshot_position = present.position
        return True


def _digest(stored: StoredRecord) -> bytes:
    return hashlib.sha256(stored.canonical).digest()
