"""Waits for a condition, with a deadline."""

import asyncio
from collections.abc import Awaitable, Callable

POLL_SECONDS = 0.005
FIRST_POLL_SECONDS = 0.0001
DEADLINE_SECONDS = 20.0

Condition = Callable[[], bool | Awaitable[bool]]


async def until(condition: Condition, what: str = "the condition", *, seconds_max: float = DEADLINE_SECONDS) -> None:
    """Return once the condition holds; fail, naming it as `what`, if it does not in time.

    What is about to come true is seen at once; what takes longer is looked at less often.
    """
    deadline = asyncio.timeout(seconds_max)
    try:
        async with deadline:
            pause = FIRST_POLL_SECONDS
            while not await _holds(condition):
                await asyncio.sleep(pause)
                pause = min(2 * pause, POLL_SECONDS)
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise AssertionError(f"{what} did not come true within {seconds_max:g} s") from error


async def _holds(condition: Condition) -> bool:
    found = condition()
    return found if isinstance(found, bool) else await found
