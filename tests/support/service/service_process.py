"""The service as users run it: a separate process that a test can stop, kill and start again."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Final

import aiohttp

START_SECONDS_MAX: Final = 30.0
PAUSE_SECONDS: Final = 0.05


class ServiceProcess:
    """`numbering serve` on its own port, with its log lines in a file. It has no setting but the given ones.

    An empty `nats_url` is none.
    """

    def __init__(
        self, directory: Path, database_url: str, nats_url: str, arguments: Sequence[str] = ("serve",), **settings: str
    ) -> None:
        self._arguments = arguments
        self.port = _free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.log_file = directory / f"service-{self.port}.log"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBERING_")}
        self._environment = inherited | {
            "NUMBERING_DATA_DIR": str(directory),
            "NUMBERING_DATABASE_URL": database_url,
            "NUMBERING_NATS_URL": nats_url,
            "NUMBERING_PORT": str(self.port),
            "NUMBERING_RATE_LIMIT": "0",
            **settings,
        }
        self.program: Sequence[str] = (sys.executable, "-m", "service")
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        self._spawn()
        await self.until_status("/readyz", 200)

    async def until_status(self, path: str, status: int, seconds_max: float = START_SECONDS_MAX) -> None:
        """Wait until GET `path` answers with `status`."""
        deadline = time.monotonic() + seconds_max
        found: object = None
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < deadline:
                assert self._process is not None
                assert self._process.poll() is None, f"the service ended:\n{self.log_file.read_text()[-4000:]}"
                with contextlib.suppress(aiohttp.ClientError, OSError):
                    async with session.get(self.base_url + path) as response:
                        found = response.status
                        if found == status:
                            return
                await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError(f"{path} answers {found}, not {status}:\n{self.log_file.read_text()[-4000:]}")

    async def start_waiting(self) -> None:
        """Start it and wait until it answers that it is not ready."""
        self._spawn()
        await self.until_status("/readyz", 503)

    def spawn(self) -> None:
        """Start it and wait for nothing: not every process answers HTTP."""
        self._spawn()

    def said(self) -> str:
        """What it wrote so far."""
        return self.log_file.read_text()

    def _spawn(self) -> None:
        command = [*self.program, *self._arguments]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    def kill(self) -> None:
        """Kill it at once, as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to stop, as Ctrl-C does; returns its exit status."""
        return self._end(signal.SIGINT)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, and wait for nothing."""
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self) -> int:
        """Wait until it ends; returns its exit status."""
        assert self._process is not None
        status = self._process.wait(timeout=START_SECONDS_MAX)
        self._process = None
        return status

    def _end(self, number: signal.Signals) -> int:
        self.send(number)
        return self.wait()

    @property
    def is_running(self) -> bool:
        """Whether the process runs."""
        return self._process is not None


@contextlib.asynccontextmanager
async def services(*processes: ServiceProcess) -> AsyncGenerator[None]:
    """Start the services, one after another; at the end, end those that still run."""
    try:
        for process in processes:
            await process.start()
        yield
    finally:
        for process in processes:
            if process.is_running:
                process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
