"""The self-check: goes round the whole database for ever, slowly, and tells what was rewritten behind our back."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Final

import structlog
from msgspec import Struct

from schemas.values import LogId, UnixSeconds
from service.backoff import Backoff
from service.checking.faults import Fault, Step

REST_SECONDS: Final = 60.0
"""The rest between two rounds, so that a short log is not read over and over."""

RETRY_SECONDS: Final = (1.0, 60.0)
"""The first and the longest wait while PostgreSQL is away."""

LINES_MAX: Final = 20
"""How many new faults of a round get a log line of their own; the others are counted."""

_say = structlog.get_logger("selfcheck")


class SelfCheckStatus(Struct, frozen=True):
    """How many faults of each kind the last round found, or this one so far; when the last round ended; one of them."""

    faults: Mapping[str, int]
    rounded_at: UnixSeconds | None
    because: str | None


class SelfCheckPace(Struct, frozen=True, kw_only=True):
    """`rate`: the most events a second. In seconds: `rest` between two rounds; `retry`, the first and longest wait."""

    rate: int
    rest: float = REST_SECONDS
    retry: tuple[float, float] = RETRY_SECONDS


class SelfCheck:
    """Checks one log and all that is kept beside it. It reads only, and nothing waits for it."""

    def __init__(
        self,
        begin: Callable[[], AsyncGenerator[Step]],
        log_id: LogId,
        *,
        pace: SelfCheckPace,
        clock: Callable[[], UnixSeconds],
    ) -> None:
        """`begin` begins a round: `service.checking.rounds.one_round`."""
        self._begin = begin
        self._log_id = log_id
        self._pace = pace
        self._clock = clock
        self._backoff = Backoff(*pace.retry)
        self._before: frozenset[Fault] = frozenset()
        self._found: set[Fault] = set()
        self._rounded_at: UnixSeconds | None = None
        self._is_hindered = False

    def status(self) -> SelfCheckStatus:
        """What was found; no I/O."""
        faults = self._before | self._found
        first = min(faults, default=None)
        because = None if first is None else f"{first.kind}, {first.place}: {first.says}"
        return SelfCheckStatus(Counter(each.kind.value for each in faults), self._rounded_at, because)

    async def run(self) -> None:
        """Go round until cancelled; belongs in a TaskGroup. Nothing is raised: numbers are issued without it."""
        while True:
            try:
                await self.round()
            except Exception as error:  # noqa: BLE001 - what hinders a check must not end what it checks
                if not self._is_hindered:
                    self._is_hindered = True
                    _say.warning("selfcheck.hindered", because=repr(error))
                await asyncio.sleep(self._backoff.step())
            else:
                await asyncio.sleep(self._pace.rest)

    async def round(self) -> None:
        """Go round once. Raises what hinders it: asyncpg's errors, LogUnavailableError, a file that cannot be read."""
        self._found = set()
        told = 0
        async with aclosing(self._begin()) as steps:
            async for step in steps:
                for fault in step.faults:
                    if fault not in self._before and fault not in self._found:
                        told += 1
                        self._tell(fault, told)
                    self._found.add(fault)
                await asyncio.sleep(step.read / self._pace.rate)
        self._end_of_round(told)

    def _tell(self, fault: Fault, told: int) -> None:
        if told <= LINES_MAX:
            _say.critical("selfcheck.fault", log=self._log_id, kind=fault.kind, place=fault.place, says=fault.says)

    def _end_of_round(self, told: int) -> None:
        if told > LINES_MAX:
            _say.critical("selfcheck.more_faults", log=self._log_id, count=told - LINES_MAX)
        if self._before and not self._found:
            _say.info("selfcheck.well_again", log=self._log_id, before=len(self._before))
        self._before, self._found = frozenset(self._found), set()
        self._rounded_at = self._clock()
        self._is_hindered = False
        self._backoff.reset()
