"""The request to stop, and the time in which a process still answers while its callers are led elsewhere."""

import asyncio
import signal
from collections.abc import Sequence
from typing import Final, Self

import structlog

from service.health import Check, Finding, Health
from service.supervisor import Supervisor

PROCESS: Final = "process"
"""The part of /readyz that is there, and down, while a process stops."""

CANCEL_AGAIN_SECONDS: Final = 0.5

_say = structlog.get_logger(__name__)


class Stopping:
    """Whether this process was asked to stop, and how often."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._asked_again = asyncio.Event()

    @classmethod
    def at_signals(cls) -> Self:
        """The process is asked by SIGINT and SIGTERM."""
        stopping, loop = cls(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.ask)
        return stopping

    def ask(self) -> None:
        """Stop; asked a second time, drain no longer."""
        if self._asked.is_set():
            self._asked_again.set()
        self._asked.set()

    async def asked(self) -> None:
        """Return when the process is asked to stop."""
        await self._asked.wait()

    async def drain(self, seconds: float, health: dict[str, Check], supervisor: Supervisor) -> None:
        """Say everywhere that the process stops, in `health` too; return after so long, or when it is asked again."""
        health[PROCESS] = _is_stopping
        supervisor.say_stopping(seconds)
        if not seconds:
            return
        _say.info("stop.draining", seconds=seconds)
        try:
            async with asyncio.timeout(seconds):
                await self._asked_again.wait()
        except TimeoutError:
            return
        _say.info("stop.drained_no_longer", because="the process was told to stop again")


async def end_all(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel the tasks until all have ended.

    They are asked again, because in Python 3.11 `asyncio.wait_for`, and libraries that use it, can drop a cancellation
    that arrives together with an answer (python/cpython issue 86296).
    """
    left: list[asyncio.Task[None]] = [task for task in tasks if not task.done()]
    while left:
        for task in left:
            task.cancel()
        _, pending = await asyncio.wait(left, timeout=CANCEL_AGAIN_SECONDS)
        left = list(pending)
        if left:
            _say.warning("stop.asked_again", jobs=[str(task.get_coro()) for task in left])


async def _is_stopping() -> Finding:
    return Finding(Health.DOWN, "stopping")
