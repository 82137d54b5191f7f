"""Turns at reading whole series, which keeps the loop of the process busy: few at once, and one of a firm."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from schemas.values import FirmId

FOLDS_MAX: Final = 2
"""How many requests of a process may read a whole series at once."""


class Folds:
    """The turns of one process."""

    def __init__(self) -> None:
        self._all = asyncio.Semaphore(FOLDS_MAX)
        self._firms: WeakValueDictionary[FirmId, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, firm_id: FirmId, wait_seconds_max: float) -> AsyncGenerator[None]:
        """A turn for the life of the block. Raises TimeoutError if others have all of them that long.

        The turn of the firm comes first, so that the requests of a firm that wait for each other take none of the few.
        """
        firm = self._firms.setdefault(firm_id, asyncio.Lock())  # forgotten when no request holds it or waits
        async with AsyncExitStack() as held:
            async with asyncio.timeout(wait_seconds_max):
                await held.enter_async_context(firm)
                await held.enter_async_context(self._all)
            yield
