"""Waiting for a condition, with a deadline."""

import asyncio
from collections.abc import Awaitable, Callable

POLL_SECONDS = 0.005
DEADLINE_SECONDS = 20.0


async def until(condition: Callable[[], Awaitable[bool]], seconds_max: float = DEADLINE_SECONDS) -> None:
    """Return once the condition holds; raises TimeoutError if it does not in time."""
    async with asyncio.timeout(seconds_max):
        while not await condition():
            await asyncio.sleep(POLL_SECONDS)
