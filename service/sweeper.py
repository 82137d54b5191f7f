"""The sweeper: records as expired what is past its time. Several may run; the later one finds less to do."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from schemas.commands import Caller, ExpireReservations
from schemas.outcomes import ExpiredOutcome
from schemas.values import Actor, ActorKind, FirmId, Mode
from service.event_log import LogFaultError
from service.requests import Answered, Request
from service.writer import OutcomeUnknownError, Writer
from service.writer_queue import WriterBusyError

BLOCKS_MAX: Final = 500
"""How many blocks one command may end, so that a large sweep leaves room for callers in between."""

SWEEPER: Final = Caller(FirmId(""), Mode.LIVE, Actor(ActorKind.SYSTEM, "sweeper"))
"""Acts for no firm: every record takes firm and mode from its series."""

_say = structlog.get_logger("sweeper")


class Sweeper:
    """Sweeps at once, then every `period_seconds`. Expiry is enforced on use too: a late sweep lets nothing through."""

    def __init__(
        self, writer: Writer, *, period_seconds: float, on_sweep: Callable[[ExpiredOutcome], None] = lambda _: None
    ) -> None:
        self._writer = writer
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

    async def sweep(self) -> None:
        """Record everything that is overdue now. Raises what Writer.submit raises; what was recorded before stays."""
        is_more = True
        while is_more:
            result = await self._writer.submit(Request(ExpireReservations(BLOCKS_MAX), SWEEPER))
            assert isinstance(result, Answered), "a sweep is never refused"
            assert isinstance(result.outcome, ExpiredOutcome), "a sweep comes to an ExpiredOutcome"
            self._on_sweep(result.outcome)
            if result.outcome.numbers:
                _say.info("sweeper.expired", blocks=result.outcome.blocks, numbers=result.outcome.numbers)
            is_more = result.outcome.is_more
