"""How the parts of a process are, asked for everybody at once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from time import monotonic
from typing import Final

import structlog

CHECK_SECONDS_MAX: Final = 3.0
FRESH_SECONDS: Final = 1.0
"""For this long /readyz gives its last answer again: it has no rate limit, and must not flood PostgreSQL."""

_say = structlog.get_logger(__name__)


class Health(StrEnum):
    """How a part is."""

    OK = "ok"
    DEGRADED = "degraded"
    """Away or behind; the service can go on without it."""
    DOWN = "down"
    """Nothing can be answered without it."""


Check = Callable[[], Awaitable[Health]]


class HealthBoard:
    """How every part is: asked one request at a time, and not again while the last answer is fresh."""

    def __init__(self, checks: Mapping[str, Check], clock: Callable[[], float] = monotonic) -> None:
        """`clock` tells seconds that only go forward."""
        self._checks = checks
        self._clock = clock
        self._turn = asyncio.Lock()
        self._read_at = float("-inf")
        self._parts: dict[str, Health] = {}

    async def latest(self) -> Mapping[str, Health]:
        """How every part was at most FRESH_SECONDS ago."""
        async with self._turn:
            if self._clock() - self._read_at >= FRESH_SECONDS:
                self._parts = await ask_all(self._checks)
                self._read_at = self._clock()
            return self._parts


async def ask_all(checks: Mapping[str, Check]) -> dict[str, Health]:
    """How every part is; one that does not answer in time is down."""
    found = await asyncio.gather(*(_ask(name, check) for name, check in checks.items()))
    return dict(zip(checks, found, strict=True))


async def _ask(name: str, check: Check) -> Health:
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            return await check()
    except Exception as error:  # noqa: BLE001 - whatever a check fails with, its part is down and the others are asked
        _say.warning("a part does not answer", part=name, fault=repr(error))
        return Health.DOWN
