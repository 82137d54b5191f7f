"""Turns for requests that read much: only a few run at once, and one of a firm.

Folding a whole series keeps the event loop busy; a list of documents, above all a search, keeps PostgreSQL busy.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from schemas.values import FirmId

FOLDS_MAX: Final = 2
"""How many requests of a process may read a whole series at once; of one firm only one may."""

LISTS_MAX: Final = 6
"""How many may list documents, likewise; two connections are left to reads that are short."""


LISTINGS_MAX: Final = 2
"""How many may make a file of a report, likewise: it takes seconds of processor time in a thread."""


class Turns:
    """The turns of one process at one kind of work."""

    def __init__(self, at_once: int) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._firms: WeakValueDictionary[FirmId, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, firm_id: FirmId, wait_seconds_max: float) -> AsyncGenerator[None]:
        """A turn for the life of the block. Raises TimeoutError if no turn is free within `wait_seconds_max`.

        The lock of the firm comes first, so requests of a firm that wait for each other take no turn from other firms.
        """
        firm = self._firms.setdefault(firm_id, asyncio.Lock())  # forgotten when no request of the firm holds or waits
        async with AsyncExitStack() as held:
            async with asyncio.timeout(wait_seconds_max):
                await held.enter_async_context(firm)
                await held.enter_async_context(self._all)
            yield
