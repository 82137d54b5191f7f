"""One fixed window a minute for each credential (contract.md D65, D81). Counted in this process."""

from typing import Final

from msgspec import Struct

from schemas.values import UnixSeconds

WINDOW_SECONDS: Final = 60
UNLIMITED: Final = 1_000_000
HOLDERS_MAX: Final = 100_000
"""So many credentials and addresses are told apart in one minute; those beyond share one count."""

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

    def headers(self) -> dict[str, str]:
        """The three headers of every reply."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.remaining, 0)),
            "X-RateLimit-Reset": str(self.resets_at),
        }


class RateLimit:
    """Counts requests by holder: the id of a credential, or an address that showed none we know."""

    def __init__(self, limit: int) -> None:
        """`limit` requests a minute; 0 turns the limit off."""
        self._limit = limit
        self._window = -1
        self._counts: dict[str, int] = {}

    def take(self, holder: str, now: UnixSeconds) -> Allowance:
        """Count one request of `holder`."""
        if not self._limit:
            return self.look(holder, now)
        self._turn(now)
        if holder not in self._counts and len(self._counts) >= HOLDERS_MAX:
            holder = _EVERYONE_ELSE
        self._counts[holder] = self._counts.get(holder, 0) + 1
        return self.look(holder, now)

    def look(self, holder: str, now: UnixSeconds) -> Allowance:
        """How `holder` stands, without counting."""
        self._turn(now)
        resets_at = UnixSeconds((self._window + 1) * WINDOW_SECONDS)
        if not self._limit:
            return Allowance(UNLIMITED, UNLIMITED, resets_at)
        return Allowance(self._limit, self._limit - self._counts.get(holder, 0), resets_at)

    def _turn(self, now: UnixSeconds) -> None:
        """A new minute starts from zero, and forgets who asked."""
        window = now // WINDOW_SECONDS
        if window != self._window:
            self._window = window
            self._counts.clear()
