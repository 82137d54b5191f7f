"""Snapshots of the state, so that a process begins in moments however long the log is.

A snapshot is a cache. It counts only for the code that made it (a digest of its source), for the history it was
made of (the digest of its last record), and until the log refuses something decided on it; otherwise the log is folded
from its first event.
"""

import asyncio
import hashlib
from pathlib import Path
from typing import Final

import msgspec
import structlog

from schemas import outcomes, values
from schemas.record import StoredRecord
from service.core import evolve
from service.core.state import blocks, document_dates, encoded_state, formats, layers, ranges, sorted_map, state
from service.core.state.encoded_state import decode_state, encode_state
from service.core.state.state import State
from service.log.event_log import EventLog, Snapshot

_say = structlog.get_logger("snapshots")


FOLDING: Final = (
    *(values, outcomes, state, blocks, document_dates, evolve, formats, layers, ranges, sorted_map, encoded_state),
)
"""The modules whose code decides what a snapshot holds."""


def release() -> str:
    """The digest of the code that folds: a snapshot of any other is not used."""
    digest = hashlib.sha256()
    for module in FOLDING:
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


async def keep(log: EventLog, present: State) -> bool:
    """Keep a snapshot of this state; False if the log has no record at its position. Raises LogUnavailableError."""
    kept = present.copy()
    last = await log.record_at(kept.position)
    if last is None:
        return False
    # Not on the event loop: a copy does not change while another thread reads it and the writer goes on.
    encoded = await asyncio.to_thread(encode_state, kept)
    await log.keep_snapshot(RELEASE, Snapshot(kept.position, _digest(last), encoded))
    return True


def _digest(stored: StoredRecord) -> bytes:
    return hashlib.sha256(stored.canonical).digest()
