"""Bounds connections, in all and of one address: no client takes all of them, or the last file descriptor."""

import sys
from collections import Counter
from typing import Final

if sys.platform != "win32":
    import resource

DESCRIPTORS_KEPT: Final = 100
"""File descriptors that connections leave to the rest of the process: PostgreSQL, NATS, its files."""


class Crowd:
    """The connections of one server."""

    def __init__(self, connections_max: int, address_connections_max: int) -> None:
        """At most `connections_max` in all; of one address `address_connections_max`, or half of all for 0."""
        self._max = min(connections_max, _descriptors_max() - DESCRIPTORS_KEPT)
        self._address_max = min(address_connections_max or max(1, self._max // 2), self._max)
        self._here: Counter[str] = Counter()
        self.count = 0
        """How many there are now."""

    def enter(self, address: str, *, is_proxy: bool = False) -> bool:
        """Whether one more connection of this address has room; it is then counted, and is to `leave`.

        A trusted proxy brings many callers: its own address has no bound, and each of its requests must `join`.
        """
        if self.count >= self._max or not (is_proxy or self.join(address)):
            return False
        self.count += 1
        return True

    def leave(self, address: str, *, is_proxy: bool = False) -> None:
        """A connection that entered is gone."""
        self.count -= 1
        if not is_proxy:
            self.part(address)

    def join(self, address: str) -> bool:
        """Whether this address has room for one more; it is then counted, and is to `part`."""
        if self._here[address] >= self._address_max:
            return False
        self._here[address] += 1
        return True

    def part(self, address: str) -> None:
        """One of this address is gone."""
        self._here[address] -= 1
        if not self._here[address]:
            del self._here[address]


def _descriptors_max() -> int:
    """How many files this process may have open."""
    if sys.platform == "win32":
        return 2**31
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft if soft != resource.RLIM_INFINITY else 2**31
