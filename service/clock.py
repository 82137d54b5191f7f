"""The clock of this machine, read in one place; everything else is told the time."""

import time

from schemas.values import UnixSeconds


def now() -> UnixSeconds:
    """The present time, cut to the second."""
    return UnixSeconds(int(time.time()))
