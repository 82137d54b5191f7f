"""The clock of this machine, read in one place; everything else is told the time."""

import time

from schemas.values import UnixSeconds


def now() -> UnixSeconds:
    """The present time, cut to the second."""
    return UnixSeconds(int(seconds()))


def seconds() -> float:
    """The present time, in seconds since 1970."""
    return time.time()


def offset() -> float:
    """How far the clock is from one that nobody can set: it changes when somebody sets the clock."""
    return seconds() - time.monotonic()
