"""The sweeper: records as expired what is past its time. Several may run; the later one finds less to do."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncGenerator, Callable
from typing import Final

import structlog

from schemas.commands import Caller, ExpireReservations
from schemas.outcomes import ExpiredOutcome
from schemas.values import Actor, ActorKind, FirmId, Mode, Position, UnixSeconds
from service.core.state.state import State
from service.log.event_log import LogFaultError
from service.writer.known_state import KnownState
from service.writer.queue import WriterBusyError
from service.writer.request import Answered, Submission
from service.writer.writer import OutcomeUnknownError, Writer

BLOCKS_MAX: Final = 500
"""How many blocks one command may end, so that a large sweep leaves room for callers in between."""

LOOKS_MAX: Final = 2_000
"""How many blocks are looked at before callers have their turn: a millisecond or a few."""

SWEEPER: Final = Caller(FirmId(""), Mode.LIVE, Actor(ActorKind.SYSTEM, "sweeper"))
"""Acts for no firm: every record takes firm and mode from its series."""

_say = structlog.get_logger("sweeper")


class Sweeper:
    """Sweeps at once, then every `period_seconds`. Expiry is enforced on use too: a late sweep lets nothing through."""

    def __init__(
        self,
        known: KnownState,
        writer: Writer,
        *,
        clock: Callable[[], UnixSeconds],
        period_seconds: float,
        on_sweep: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`on_sweep` is told after each sweep how many numbers it recorded as expired."""
        self._known = known
        self._writer = writer
        self._clock = clock
        self._period_seconds = period_seconds
        self._on_sweep = on_sweep
        self._is_faulted = False
        # When each block that may have pending numbers expires, the first to expire first; blocks that were settled
        # since are still in it, at most as many again. None before the first sweep. Of `sweep` alone.
        self._due: list[tuple[UnixSeconds, Position]] | None = None

    async def run(self) -> None:
        """Sweep until cancelled; belongs in a TaskGroup. A store that is away is tried again next time."""
        while True:
            try:
                await self.sweep()
                self._is_faulted = False
            except (LogFaultError, WriterBusyError, OutcomeUnknownError) as fault:
                if not self._is_faulted:
                    _say.warning("sweeper.waits", fault=type(fault).__name__)
                self._is_faulted = True
            await asyncio.sleep(self._period_seconds)

    async def sweep(self) -> int:
        """Record everything that is overdue now; how many numbers that was.

        Raises what KnownState.read and Writer.submit raise; what was recorded before stays.
        """
        overdue = await self._overdue()
        numbers = 0
        for start in range(0, len(overdue), BLOCKS_MAX):
            numbers += await self._record(overdue[start : start + BLOCKS_MAX])
        self._on_sweep(numbers)
        if numbers:
            _say.info("sweeper.expired", blocks=len(overdue), numbers=numbers)
        return numbers

    async def _overdue(self) -> tuple[Position, ...]:
        """Where the overdue blocks were reserved, oldest first.

        A block is looked at once when it was reserved, and again when it is due: not in each sweep.
        """
        await self._known.read()
        reserved = self._known.take_reserved()
        state = self._known.state
        heap = self._due
        if heap is None or reserved is None or len(heap) > 2 * len(state.unsettled) + LOOKS_MAX:
            heap = [due async for due in self._all_of(state)]
            heapq.heapify(heap)
        else:
            for due in reserved:
                heapq.heappush(heap, due)
        now, overdue = self._clock(), list[tuple[UnixSeconds, Position]]()
        for looks in itertools.count(1):
            if not heap or heap[0][0] > now:
                break
            due = heapq.heappop(heap)
            if self._known.state.block_at(due[1]) is not None:
                overdue.append(due)
            if looks % LOOKS_MAX == 0:
                await asyncio.sleep(0)
        # They stay due until an event has ended them: recording them may fail.
        for due in overdue:
            heapq.heappush(heap, due)
        self._due = heap
        return tuple(sorted(position for _, position in overdue))

    async def _all_of(self, state: State) -> AsyncGenerator[tuple[UnixSeconds, Position]]:
        """When each unsettled block expires. The state is a value: it stays while others write."""
        for looks, reservation in enumerate(state.unsettled, start=1):
            place = state.block_at(reservation)
            if place is not None:
                yield place[1].expires_at, reservation
            if looks % LOOKS_MAX == 0:
                await asyncio.sleep(0)

    async def _record(self, reservations: tuple[Position, ...]) -> int:
        result = await self._writer.submit(Submission(ExpireReservations(reservations), SWEEPER))
        assert isinstance(result, Answered), "a sweep is never refused"
        assert isinstance(result.outcome, ExpiredOutcome), "a sweep comes to an ExpiredOutcome"
        return result.outcome.numbers
