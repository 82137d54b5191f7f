"""How long to wait before trying again."""

from random import SystemRandom

_random = SystemRandom()


def jittered(seconds: float) -> float:
    """Between half and one and a half times `seconds`, so that many that failed together do not come back together."""
    return seconds * _random.uniform(0.5, 1.5)


class Backoff:
    """Waits that double from `first_seconds` up to `last_seconds`, each of them jittered unless that is turned off."""

    def __init__(self, first_seconds: float, last_seconds: float, *, is_jittered: bool = True) -> None:
        self._first, self._last = first_seconds, last_seconds
        self._next = first_seconds
        self._is_jittered = is_jittered

    def step(self) -> float:
        """The next wait, in seconds."""
        seconds, self._next = self._next, min(self._next * 2, self._last)
        return jittered(seconds) if self._is_jittered else seconds

    def reset(self) -> None:
        """All is well again: the next wait is short."""
        self._next = self._first
