"""The rate limit: one fixed window of a minute for each credential, counted in this process (CONTRACT.md D65, D81)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from msgspec import Struct

from schemas.values import UnixSeconds

WINDOW_SECONDS: Final = 60
UNLIMITED: Final = 1_000_000
HOLDERS_MAX: Final = 100_000
"""How many credentials have their own count in one minute, and how many addresses. All others of a kind share one."""

SPARE_LOOK_UPS: Final = 20
"""How many credentials are looked up in one second for all addresses that are beyond their limit, together."""

LOOK_UPS_AT_ONCE: Final = 4
"""How many unseen credentials are looked up at once. An address may exceed its limit by at most this minus one."""

TURN_SECONDS: Final = 5.0
"""How long a look-up waits for its turn while PostgreSQL is slow to answer others."""

ADDRESS: Final = "address:"
"""Prefix of holders that are counted by network address, not by credential."""

_EVERYONE_ELSE: Final = ""


class Allowance(Struct, frozen=True):
    """How many requests a caller may still send in this minute; `remaining` is negative if it sent too many."""

    limit: int
    remaining: int
    resets_at: UnixSeconds

    @property
    def is_exceeded(self) -> bool:
        """Whether this request is beyond the limit."""
        return self.remaining < 0

    @property
    def is_used_up(self) -> bool:
        """Whether the next request would be beyond the limit."""
        return self.remaining <= 0


class LookUps:
    """Bounds the look-ups of unseen credentials: a few at once, and a few a second for addresses beyond their limit."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(LOOK_UPS_AT_ONCE)
        self._strangers: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._second = -1
        self._spent = 0

    @asynccontextmanager
    async def turn(self, stranger: str) -> AsyncGenerator[None]:
        """A turn to look up, first come, first served. Raises TimeoutError after TURN_SECONDS.

        A stranger leaves one of the few to others, however many look-ups it waits for itself.
        """
        # Forgotten when no look-up of the stranger holds it or waits.
        own = self._strangers.setdefault(stranger, asyncio.Semaphore(LOOK_UPS_AT_ONCE - 1))
        async with AsyncExitStack() as held:
            async with asyncio.timeout(TURN_SECONDS):
                await held.enter_async_context(own)
                await held.enter_async_context(self._turns)
            yield

    def spend(self, now: UnixSeconds) -> bool:
        """Whether a spare look-up was left in this second; if so, it is now spent."""
        if now != self._second:
            self._second, self._spent = now, 0
        if self._spent >= SPARE_LOOK_UPS:
            return False
        self._spent += 1
        return True


class RateLimit:
    """Counts requests by holder: the id of a credential, or the address that a bad credential came from.

    `look_ups` are here because carriers that share the counts must share the spare look-ups too.
    """

    def __init__(self, limit: int) -> None:
        """`limit` requests a minute; 0 turns the limit off."""
        self.look_ups: Final = LookUps()
        self._limit = limit
        self._window = -1
        # Two maps, so that a flood from many addresses cannot push callers with a good credential into a shared count.
        self._addresses: dict[str, int] = {}
        self._credentials: dict[str, int] = {}

    def take(self, holder: str, now: UnixSeconds) -> Allowance:
        """Count one request of `holder`."""
        return self._stand(holder, now, 1)

    def look(self, holder: str, now: UnixSeconds) -> Allowance:
        """The allowance of `holder`, without counting a request."""
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
        """Forget all counts when a new minute begins."""
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
        """The name under which `holder` is counted."""
        return holder if holder in counts or len(counts) < HOLDERS_MAX else _EVERYONE_ELSE
