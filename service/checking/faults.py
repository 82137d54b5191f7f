"""What a check can find, and the pieces in which it goes along."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

EVENTS_OF_A_STEP: Final = 500
"""How many events, rows or answers are read at once: some 10 ms of a processor."""


class FaultKind(StrEnum):
    """What is not as the service wrote it."""

    EVENT_MISSING = "event_missing"
    """A position of the log has no event."""
    EVENT_UNREADABLE = "event_unreadable"
    """A record is no event, or is not written as any release writes one."""
    EVENT_MISPLACED = "event_misplaced"
    """A record says that it stands elsewhere."""
    EVENT_COLUMNS = "event_columns"
    """The columns of an event say something else than its record."""
    EVENT_CHAIN = "event_chain"
    """An event does not follow the one before it in its stream, or in time."""
    EVENT_UNSEALED = "event_unsealed"
    """An event is not the one that was sealed."""
    EVENT_IMPOSSIBLE = "event_impossible"
    """An event cannot have happened after those before it."""
    LOG_HEAD = "log_head"
    """`log.head` names another end than the events have."""
    LOG_STREAM = "log_stream"
    """`log.stream` says something else of a stream than its events."""
    LOG_ALLOCATION = "log_allocation"
    """`log.allocation` holds other numbers of a series than its events took."""
    CONTENT = "content"
    """A content is not the one whose digest it has."""
    ANSWER_MISSING = "answer_missing"
    """A request that made an event has no kept answer."""
    ANSWER_CHANGED = "answer_changed"
    """A kept answer tells of something that the events do not say."""
    TILE = "tile"
    """A tile is missing, or is not the one that was signed."""
    NOTE = "note"
    """A note is not one that the log signed, or of another tree."""
    COSIGNATURE = "cosignature"
    """The co-signature of a known witness is wrong, or a line is none."""
    VERIFIER_KEY = "verifier_key"
    """A verifier key is none, or no chain of rotations leads to it."""
    ROW_MISSING = "row_missing"
    """A projection lacks a row that follows from the events."""
    ROW_CHANGED = "row_changed"
    """A row of a projection is not what follows from the events."""
    ROW_STRANGE = "row_strange"
    """A projection has a row that follows from no event."""


class Fault(Struct, frozen=True, order=True, tag="rewritten", tag_field="rule"):
    """One thing that is wrong: its kind, where, and what is there; without any content."""

    kind: FaultKind
    place: str
    says: str


class Step(Struct, frozen=True):
    """A piece of the check: how many events, rows or answers it read, and what it found."""

    read: int
    faults: Sequence[Fault] = ()


def at_position(position: int) -> str:
    """The place of an event."""
    return f"position {position}"
