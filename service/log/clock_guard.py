"""This machine's clock beside PostgreSQL's. What expires, and when, is decided by this machine's clock."""

from collections.abc import Awaitable, Callable
from typing import Final

from service import clock
from service.log.event_log import LogUnavailableError

SKEW_SECONDS_MAX: Final = 30
"""Times in a log never decrease, so one process far ahead would end all reservations early, for good."""

JUMP_SECONDS_MAX: Final = 5
"""A clock that moved this much against one that nobody can set was set."""


class ClockError(Exception):
    """This machine's clock would put wrong times into the log, and end reservations early; the service refuses."""


class ClockGuard:
    """Keeps a clock that is wrong from dating events, and from refusing what has not expired."""

    def __init__(self, skew_seconds: Callable[[], Awaitable[float]]) -> None:
        """`skew_seconds` asks how far this machine's clock is ahead of PostgreSQL's. Raises LogUnavailableError."""
        self._skew_seconds = skew_seconds
        # How far the clock was from one that nobody can set when it was last found right. Two coroutines may find
        # it changed at once; both then ask PostgreSQL, and both write the same.
        self._offset = clock.offset()

    async def require_agreement(self) -> None:
        """Return if the two clocks agree at the start. Raises ClockError, and LogUnavailableError."""
        skew = await self._skew_seconds()
        if abs(skew) > SKEW_SECONDS_MAX:
            raise ClockError(f"this machine's clock is {skew:+.0f} s off PostgreSQL's; set both by NTP")

    async def refuse_if_set(self) -> None:
        """Return if nobody has set this machine's clock, or it still agrees with PostgreSQL's.

        Costs a query only after it was set. Raises LogUnavailableError: nothing that was decided by this clock is
        written or told.
        """
        offset = clock.offset()
        if abs(offset - self._offset) <= JUMP_SECONDS_MAX:
            return
        skew = await self._skew_seconds()
        if abs(skew) > SKEW_SECONDS_MAX:
            raise LogUnavailableError(f"this machine's clock was set {skew:+.0f} s off PostgreSQL's")
        self._offset = offset
