"""One fixed window a minute for each credential (CONTRACT.md D65, D81). Counted in this process."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from msgspec import Struct

from schemas.values import UnixSeconds

WINDOW_SECONDS: Final = 60
UNLIMITED: Final = 1_000_000
HOLDERS_MAX: Final = 100_000
"""So many credentials are told apart in one minute, and as many addresses; those beyond share a count of their kind."""

SPARE_LOOK_UPS: Final = 20
"""So many credentials a second are looked up for addresses beyond their limit, all of them together."""

LOOK_UPS_AT_ONCE: Final = 4
"""So many credentials we have not met are looked up at once; by one less an address may overrun its limit."""

TURN_SECONDS: Final = 5.0
"""How long a look-up waits for its turn, if the store is slow to answer others."""

ADDRESS: Final = "address:"
"""How the holders begin that anybody can be; the others hold a credential of ours."""

_EVERYONE_ELSE: Final = ""


class Allowance(Struct, frozen=True):
    """What a caller may still ask in this minute; `remaining` below zero: it asked too much."""

    limit: int
    remaining: int
    resets_at: UnixSeconds

    @property
    def is_exceeded(self) -> bool:
        """Whether this request is one too many."""
        return self.remaining < 0

    @property
    def is_used_up(self) -> bool:
        """Whether the next request is one too many."""
        return self.remaining <= 0

    def headers(self) -> dict[str, str]:
        """The three headers of every reply."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.remaining, 0)),
            "X-RateLimit-Reset": str(self.resets_at),
        }


class LookUps:
    """The look-ups of credentials we have not met: a few at once, and a few a second for those beyond their limit."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(LOOK_UPS_AT_ONCE)
        self._second = -1
        self._spent = 0

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """One of the few at once, first come, first served. Raises TimeoutError."""
        async with asyncio.timeout(TURN_SECONDS):
            await self._turns.acquire()
        try:
            yield
        finally:
            self._turns.release()

    def spend(self, now: UnixSeconds) -> bool:
        """Whether a look-up was to spare in this second; it is then spent."""
        if now != self._second:
            self._second, self._spent = now, 0
        if self._spent >= SPARE_LOOK_UPS:
            return False
        self._spent += 1
        return True


class RateLimit:
    """Counts requests by holder: the id of a credential, or an address that showed a bad one.

    `look_ups` are here because whoever shares the counts shares the look-ups that are made beyond them.
    """

    def __init__(self, limit: int) -> None:
        """`limit` requests a minute; 0 turns the limit off."""
        self.look_ups: Final = LookUps()
        self._limit = limit
        self._window = -1
        # Apart, so that a flood from many addresses does not push those who hold a credential into one count.
        self._addresses: dict[str, int] = {}
        self._credentials: dict[str, int] = {}

    def take(self, holder: str, now: UnixSeconds) -> Allowance:
        """Count one request of `holder`."""
        return self._stand(holder, now, 1)

    def look(self, holder: str, now: UnixSeconds) -> Allowance:
        """How `holder` stands, without counting."""
        return self._stand(holder, now, 0)

    def _stand(self, holder: str, now: UnixSeconds, asks: int) -> Allowance:
        self._turn(now)
        if not self._limit:
            return Allowance(UNLIMITED, UNLIMITED, self._resets_at())
        counts = self._counts_of(holder)
        name = self._name(holder, counts)
        asked = counts.get(name, 0) + asks
        if asks:
            counts[name] = asked
        return Allowance(self._limit, self._limit - asked, self._resets_at())

    def _turn(self, now: UnixSeconds) -> None:
        """A new minute starts from zero, and forgets who asked."""
        window = now // WINDOW_SECONDS
        if window != self._window:
            self._window = window
            self._addresses.clear()
            self._credentials.clear()

    def _resets_at(self) -> UnixSeconds:
        return UnixSeconds((self._window + 1) * WINDOW_SECONDS)

    def _counts_of(self, holder: str) -> dict[str, int]:
        return self._addresses if holder.startswith(ADDRESS) else self._credentials

    def _name(self, holder: str, counts: dict[str, int]) -> str:
        """As whom `holder` is counted."""
        return holder if holder in counts or len(counts) < HOLDERS_MAX else _EVERYONE_ELSE
