"""The health of the parts of a process. All callers share one round of checks."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from time import monotonic
from typing import Final

import structlog
from msgspec import Struct

CHECK_SECONDS_MAX: Final = 3.0
FRESH_SECONDS: Final = 1.0
"""How long a result is used again: /readyz has no rate limit, and must not flood PostgreSQL."""

_say = structlog.get_logger(__name__)


class Health(StrEnum):
    """The health of a part."""

    OK = "ok"
    DEGRADED = "degraded"
    """The part is away or behind, and the service can go on without it."""
    DOWN = "down"
    """The part is away, and no request can be answered without it."""


class Finding(Struct, frozen=True):
    """How a part is, and for an operator why."""

    health: Health
    because: str | None = None


Check = Callable[[], Awaitable[Health | Finding]]


class HealthBoard:
    """The health of every part, checked by one request at a time, and not again while the last result is fresh."""

    def __init__(
        self,
        checks: Mapping[str, Check],
        clock: Callable[[], float] = monotonic,
        on_found: Callable[[Mapping[str, "Finding"]], None] = lambda _: None,
    ) -> None:
        """`checks` may grow; `clock` returns seconds that never go back; `on_found` hears what each round found."""
        self._checks = checks
        self._clock = clock
        self._on_found = on_found
        self._turn = asyncio.Lock()
        self._read_at = float("-inf")
        self._found: dict[str, Finding] = {}

    async def latest(self) -> Mapping[str, Health]:
        """The health of every part, at most FRESH_SECONDS old; a part that was added to the checks is asked at once."""
        async with self._turn:
            is_old = self._clock() - self._read_at >= FRESH_SECONDS
            if is_old or self._found.keys() != self._checks.keys():
                self._found = await _findings(dict(self._checks))
                self._read_at = self._clock()
                self._on_found(self._found)
            return {name: found.health for name, found in self._found.items()}

    def reasons(self) -> Mapping[str, str]:
        """Why the parts were so, where they say it, when `latest` asked them last."""
        return {name: found.because for name, found in self._found.items() if found.because is not None}


async def _findings(checks: Mapping[str, Check]) -> dict[str, Finding]:
    """What each check finds now; a part that does not answer in CHECK_SECONDS_MAX is down."""
    found = await asyncio.gather(*(_ask(name, check) for name, check in checks.items()))
    return dict(zip(checks, found, strict=True))


async def _ask(name: str, check: Check) -> Finding:
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            found = await check()
            return found if isinstance(found, Finding) else Finding(found)
    except Exception as error:  # noqa: BLE001 - any failure means that the part is down; the other checks go on
        _say.warning("a part does not answer", part=name, fault=repr(error))
        return Finding(Health.DOWN, "it does not answer")
