"""Turns for requests that read a whole series. Folding one keeps the event loop busy, so only a few run at once."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from schemas.values import FirmId

FOLDS_MAX: Final = 2
"""How many requests of a process may read a whole series at once; of one firm only one may."""


class Folds:
    """The turns of one process."""

    def __init__(self) -> None:
        self._all = asyncio.Semaphore(FOLDS_MAX)
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
