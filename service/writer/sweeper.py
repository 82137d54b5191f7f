"""The sweeper: records as expired what is past its time. Several may run; the later one finds less to do."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from schemas.commands import Caller, ExpireReservations
from schemas.outcomes import ExpiredOutcome
from schemas.values import Actor, ActorKind, FirmId, Mode, Position, UnixSeconds
from service.core.state import State
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
        overdue = await self._overdue(await self._known.read())
        numbers = 0
        for start in range(0, len(overdue), BLOCKS_MAX):
            numbers += await self._record(overdue[start : start + BLOCKS_MAX])
        self._on_sweep(numbers)
        if numbers:
            _say.info("sweeper.expired", blocks=len(overdue), numbers=numbers)
        return numbers

    async def _overdue(self, state: State) -> tuple[Position, ...]:
        """Where the overdue blocks were reserved, oldest first. The state is a value: it stays while others write."""
        now = self._clock()
        found: list[Position] = []
        for looks, reservation in enumerate(state.unsettled, start=1):
            place = state.block_at(reservation)
            if place is not None and place[1].expires_at <= now:
                found.append(reservation)
            if looks % LOOKS_MAX == 0:
                await asyncio.sleep(0)
        return tuple(sorted(found))

    async def _record(self, reservations: tuple[Position, ...]) -> int:
        result = await self._writer.submit(Submission(ExpireReservations(reservations), SWEEPER))
        assert isinstance(result, Answered), "a sweep is never refused"
        assert isinstance(result.outcome, ExpiredOutcome), "a sweep comes to an ExpiredOutcome"
        return result.outcome.numbers
