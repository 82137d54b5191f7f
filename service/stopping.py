"""The request to stop, and the time in which a process still answers while its callers are led elsewhere."""

import asyncio
import signal
from typing import Final, Self

import structlog

from service.health import Check, Finding, Health
from service.supervisor import Supervisor

PROCESS: Final = "process"
"""The part of /readyz that is there, and down, while a process stops."""

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


async def _is_stopping() -> Finding:
    return Finding(Health.DOWN, "stopping")
