"""Waiting for a commit that no failover takes back, many at a time."""

import asyncio
from collections.abc import Awaitable, Callable


class SharedBarrier:
    """Callers that arrive while a barrier runs share the next one: it begins after they came.

    However many callers wait, at most one barrier runs and one waits to run.
    """

    def __init__(self, barrier: Callable[[], Awaitable[object]]) -> None:
        """`barrier` returns once everything that was visible when it was called is safe, or raises why it is not."""
        self._barrier = barrier
        # A barrier moves from `_next` to `_running` when the one before it has ended; `_run_after` alone does that.
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def passed(self) -> None:
        """Return once what is visible now is safe. Raises what the barrier raises."""
        if self._next is None:
            self._next = asyncio.create_task(self._run_after(self._running))
        # Shielded, because others wait for the same one.
        await asyncio.shield(self._next)

    async def _run_after(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        self._running, self._next = self._next, None
        await self._barrier()
