"""Tells systemd how this process is, where systemd started it: ready, stopping, alive (sd_notify(3))."""

import asyncio
import socket
from typing import Final

import structlog

MARGIN_SECONDS: Final = 60
"""What a process may need to stop beside the time in which it drains."""

WAIT_SECONDS: Final = 1.0
"""How long a message waits for room, but one for the watchdog, which must not hold up the event loop."""

_say = structlog.get_logger(__name__)


class Supervisor:
    """Who started this process and wants to hear of it. Without an address it is told nothing."""

    def __init__(self, address: str | None = None, watchdog_seconds: float | None = None) -> None:
        """`address` is a datagram socket of Unix, `@` for an abstract one; it hears every `watchdog_seconds` of us."""
        self._address = address
        self._watchdog_seconds = watchdog_seconds
        self._is_deaf = False

    def say_ready(self, status: str) -> None:
        """The jobs run."""
        self._tell("READY=1", f"STATUS={status}")

    def say_stopping(self, drain_seconds: float = 0) -> None:
        """The process was told to stop. It drains so long, which its supervisor must not take for a hanging stop."""
        if not drain_seconds:
            return self._tell("STOPPING=1", "STATUS=stopping")
        microseconds = int((drain_seconds + MARGIN_SECONDS) * 1_000_000)
        return self._tell("STOPPING=1", "STATUS=draining", f"EXTEND_TIMEOUT_USEC={microseconds}")

    async def feed_watchdog(self) -> None:
        """Say that the event loop turns, twice in each period, until cancelled; run it in a TaskGroup.

        A process whose loop hangs falls silent, and is killed and started again. One whose database or NATS is away
        goes on to say it: another start would not bring them back.
        """
        while self._address is not None and self._watchdog_seconds is not None:
            self._tell("WATCHDOG=1", wait_seconds=0)
            await asyncio.sleep(self._watchdog_seconds / 2)

    def _tell(self, *lines: str, wait_seconds: float = WAIT_SECONDS) -> None:
        """Send one message, which is lost if it finds no room for so long. What prevents it is said once."""
        if self._address is None:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
                connection.settimeout(wait_seconds)
                connection.sendto("\n".join(lines).encode(), address)
        except OSError as error:  # it may have us killed for that; the service itself is not hurt
            if not self._is_deaf:
                _say.warning("supervisor.deaf", address=self._address, fault=str(error))
            self._is_deaf = True
        else:
            self._is_deaf = False
