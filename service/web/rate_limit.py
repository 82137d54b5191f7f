"""One fixed window a minute for each credential (contract.md D65, D81). Counted in this process."""

from typing import Final

from msgspec import Struct

from schemas.values import UnixSeconds

WINDOW_SECONDS: Final = 60
UNLIMITED: Final = 1_000_000
HOLDERS_MAX: Final = 100_000
"""So many credentials are told apart in one minute, and as many addresses; those beyond share a count of their kind."""

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
        # Apart, so that a flood from many addresses does not push those who hold a credential into one count.
        self._addresses: dict[str, int] = {}
        self._credentials: dict[str, int] = {}

    def take(self, holder: str, now: UnixSeconds) -> Allowance:
        """Count one request of `holder`."""
        if self._limit:
            self._turn(now)
            counts = self._counts_of(holder)
            name = self._name(holder, counts)
            counts[name] = counts.get(name, 0) + 1
        return self.look(holder, now)

    def give_back(self, holder: str, taken: Allowance) -> None:
        """Undo the `take` that gave this allowance, unless its minute is over."""
        if taken.resets_at == self._resets_at():
            counts = self._counts_of(holder)
            name = self._name(holder, counts)
            counts[name] = max(0, counts.get(name, 0) - 1)

    def look(self, holder: str, now: UnixSeconds) -> Allowance:
        """How `holder` stands, without counting."""
        self._turn(now)
        if not self._limit:
            return Allowance(UNLIMITED, UNLIMITED, self._resets_at())
        counts = self._counts_of(holder)
        return Allowance(self._limit, self._limit - counts.get(self._name(holder, counts), 0), self._resets_at())

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
