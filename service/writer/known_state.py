"""What this process knows of the log: the state folded from it, moved forward by reads and by the writer's commits."""

from collections.abc import Sequence
from typing import Final

from schemas.events import NumbersReserved
from schemas.record import Record, StoredRecord
from schemas.values import Position, UnixSeconds
from service.core.evolve import evolve
from service.core.state.state import State, empty_state
from service.log.event_log import EventLog, HeldLog, NewerReleaseError
from service.log.snapshots import load

READ_LIMIT: Final = 1_000
"""How many records one read takes. A process that is further behind than this looks for a snapshot first."""


class KnownState:
    """The state of one log. There is one for each process, and all who use it run on one event loop.

    It moves while a reader waits for anything: what a reader needs of one moment it takes without an `await` between.
    """

    def __init__(self, log: EventLog, state: State | None = None) -> None:
        """Nothing is known at first, or `state`, which nobody else changes."""
        self._log = log
        # Any coroutine of the event loop may move the state, so it may have moved after every await. It moves forward
        # only, and is replaced by a snapshot once, and by the empty state in `forget`.
        self._state: State = state or empty_state(log.log_id)
        self._snapshot_position = Position(0)
        # A process begins from a snapshot once; after that the log has only what came since. It never uses one again
        # after the log has refused what was decided on it.
        self._may_use_snapshot = True
        # When each block expires that was reserved since the sweeper last took them; None if it has to look at all.
        # Any coroutine that moves the state adds; the sweeper alone takes, and begins.
        self._reserved: list[tuple[UnixSeconds, Position]] | None = None
        self._unreadable: str | None = None

    @property
    def unreadable(self) -> str | None:
        """Why the log cannot be followed any further: a newer release wrote an event. None while it can be."""
        return self._unreadable

    @property
    def state(self) -> State:
        """The newest state that this process knows: true at its own position, which may be before the log's head."""
        return self._state

    @property
    def snapshot_position(self) -> Position:
        """Position of the latest snapshot of this state; 0 if there is none, or none that is valid."""
        return self._snapshot_position

    async def read(self) -> State:
        """The state at the log's present head, whichever process wrote last. Raises LogUnavailableError."""
        await self.catch_up(self._log, await self._log.head())
        return self._state

    def is_far_behind(self, head: Position) -> bool:
        """Whether more than one read is needed to reach `head`."""
        return head - self._state.position > READ_LIMIT

    async def catch_up(self, log: EventLog | HeldLog, head: Position) -> None:
        """Fold in what was written up to `head`, read from `log`. Raises LogUnavailableError.

        Several coroutines may catch up at once: no event is folded twice. Raises NewerReleaseError from the event on
        that only a newer release can read: nothing is decided, and nothing shown, on a state that lacks it.
        """
        try:
            await self._catch_up(log, head)
        except NewerReleaseError as fault:
            self._unreadable = str(fault)
            raise

    async def _catch_up(self, log: EventLog | HeldLog, head: Position) -> None:
        if self._may_use_snapshot and self.is_far_behind(head):
            self._may_use_snapshot = False
            snapshot = await load(self._log)
            if snapshot is not None and snapshot.position > self._state.position:
                self._state, self._snapshot_position = snapshot, snapshot.position
                self._reserved = None
        while self._state.position < head:
            for stored in await log.read(self._state.position, READ_LIMIT):
                if stored.record.position == self._state.position + 1:
                    evolve(self._state, stored.record)
                    self._note(stored.record)

    def advance(self, layer: State, records: Sequence[StoredRecord]) -> None:
        """Take over the layer that a durable commit of ours, these records, led to.

        If reads have led further meanwhile, the records that they did not bring are folded.
        """
        is_next = bool(records) and records[0].record.position == self._state.position + 1
        if is_next and layer.below is self._state:
            self._state.take_over(layer)
            for stored in records:
                self._note(stored.record)
            return
        for stored in records:
            if stored.record.position == self._state.position + 1:
                evolve(self._state, stored.record)
                self._note(stored.record)

    def take_reserved(self) -> list[tuple[UnixSeconds, Position]] | None:
        """When each block expires that was reserved since the last call, and its position.

        None at first, and when the state began again: then all blocks of the present state count, and later calls tell
        of those that came after it.
        """
        taken, self._reserved = self._reserved, []
        return taken

    def forget(self, *, is_snapshot_wrong: bool) -> None:
        """Know nothing any more: the next read begins at the first event, or at a snapshot unless that may be wrong."""
        self._state, self._snapshot_position = empty_state(self._log.log_id), Position(0)
        self._reserved = None
        if is_snapshot_wrong:
            self._may_use_snapshot = False

    def _note(self, record: Record) -> None:
        if self._reserved is not None and isinstance(record.event, NumbersReserved):
            self._reserved.append((record.event.expires_at, record.position))

    def note_snapshot(self, position: Position) -> None:
        """A snapshot of the state at `position` was kept; it does not count if that state was forgotten since."""
        if self._state.position >= position:
            self._snapshot_position = position
