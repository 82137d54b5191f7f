"""The relay, the sealer and the projections of `numbering up`: children that yield to the process that answers.

In one process with it they took its thread while a caller waited. They lose nothing when they end: both go on from what
is committed.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Final

import msgspec

from service.backoff import Backoff
from service.cli.starting.present import Runtime
from service.configuration.settings import Settings, child_environment
from service.embedded.process import spawn_ours, terminate
from service.health import Health
from service.jobs import Job
from service.readiness import EVIDENCE, PROJECTIONS, RELAY, SELF_CHECK, Elsewhere, PartReport, Reports

AGAIN_SECONDS: Final = (0.5, 30.0)
"""The first and the longest wait before a child that has ended is started again."""

STEADY_SECONDS: Final = 10.0
"""A child that ran for so long is started again after the first wait."""

SILENT_SECONDS_MAX: Final = 5.0
"""A child that has not reported for longer is frozen, or waits for a processor."""

STARTED_LOOKS_MAX: Final = 500
STARTED_POLL_SECONDS: Final = 0.02
STOP_SECONDS_MAX: Final = 5.0
READ_BYTES: Final = 65_536

_decoder: Final = msgspec.json.Decoder(dict[str, PartReport])


class Child:
    """The process of one job; it runs until it is stopped, and is started again when it ends."""

    def __init__(self, job: Job, unknown: Reports, settings: Settings) -> None:
        """`unknown` is what is said of each of its parts before the first report."""
        self._job = job
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._addresses: bytes | None = None
        self._last: Reports = unknown
        self._unread = b""
        self._heard_at: float | None = None
        self._started_at = 0.0
        self._again_at: float | None = None
        self._backoff = Backoff(*AGAIN_SECONDS, is_jittered=False)

    def start(self) -> None:
        """Start the process; it does its job once the addresses are there. Only from the main thread."""
        # The same modules as ours, wherever the interpreter would look for them: we may run from a checkout.
        search = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        command = [sys.executable, "-P", "-m", "service.cli.starting.child", self._job]
        directory = self._settings.data_dir.resolve()
        self._close()
        self._process = spawn_ours(command, directory, child_environment(self._settings) | search)
        self._unread, self._heard_at, self._started_at = b"", None, monotonic()
        self._send()

    def begin(self, addresses: bytes) -> None:
        """Let it do its job."""
        self._addresses = addresses
        self._send()

    def reports(self) -> Reports:
        """What it said last of each part; degraded if it does not run, or does not say anything."""
        self._hear()
        is_silent = self._heard_at is None or monotonic() - self._heard_at > SILENT_SECONDS_MAX
        if self._is_running() and not is_silent:
            return self._last
        return {part: msgspec.structs.replace(last, health=Health.DEGRADED) for part, last in self._last.items()}

    def is_awaited(self) -> bool:
        """Whether it runs, and its first report is still to come."""
        self._hear()
        return self._heard_at is None and self._is_running()

    def look(self, on_progress: Callable[[str], None]) -> None:
        """Start it again if it has ended, after a wait that grows while it ends early."""
        assert self._process is not None, "it was started"
        status = self._process.poll()
        if status is None:
            if monotonic() - self._started_at > STEADY_SECONDS:
                self._backoff.reset()
        elif self._again_at is None:
            seconds = self._backoff.step()
            self._again_at = monotonic() + seconds
            on_progress(f"{self._job} has ended ({_how(status)}); starting it again in {seconds:g} s")
        elif monotonic() >= self._again_at:
            self._again_at = None
            self.start()

    def ask_to_stop(self) -> None:
        """Have it stop cleanly, also if it is frozen."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Return when it has ended."""
        if self._process is not None:
            terminate(self._process, signal.SIGTERM, STOP_SECONDS_MAX)
            self._close()
            self._process = None

    def _is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _send(self) -> None:
        if self._addresses is None or self._process is None or self._process.stdin is None:
            return
        with suppress(BrokenPipeError):  # it has ended: the next one is told
            self._process.stdin.write(self._addresses)
            self._process.stdin.flush()

    def _hear(self) -> None:
        """Take the last whole line of what it has written."""
        if self._process is None or self._process.stdout is None:
            return
        with suppress(BlockingIOError):
            while part := os.read(self._process.stdout.fileno(), READ_BYTES):
                self._unread += part
        *lines, self._unread = self._unread.split(b"\n")
        if lines:
            self._last = {**self._last, **_decoder.decode(lines[-1])}
            self._heard_at = monotonic()

    def _close(self) -> None:
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()


class Children:
    """Both children. They end with this process, however it ends; on Linux the kernel sees to that."""

    def __init__(self, settings: Settings) -> None:
        self._children = (
            Child(Job.RELAY, {part: _unknown(part) for part in (RELAY, EVIDENCE)}, settings),
            Child(Job.PROJECT, _unknown_to_project(settings), settings),
        )

    def start(self) -> None:
        """Start both; they wait for `begin`."""
        for child in self._children:
            child.start()

    def begin(self, runtime: Runtime) -> None:
        """Let both do their job: the database is prepared."""
        for child in self._children:
            child.begin(msgspec.json.encode(runtime) + b"\n")

    def look(self, on_progress: Callable[[str], None]) -> None:
        """Start those again that have ended."""
        for child in self._children:
            child.look(on_progress)

    def stop(self) -> None:
        """Stop both cleanly. Twice is once."""
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.stop()

    def elsewhere(self) -> Elsewhere:
        """How they are, for the process that answers."""
        return Elsewhere(latest=self._latest, started=self._started)

    def _latest(self) -> Reports:
        return {part: report for child in self._children for part, report in child.reports().items()}

    async def _started(self) -> None:
        """Return when both have reported, or ended, or STARTED_LOOKS_MAX are over: HTTP goes on without them."""
        for _ in range(STARTED_LOOKS_MAX):
            if not any(child.is_awaited() for child in self._children):
                return
            await asyncio.sleep(STARTED_POLL_SECONDS)


def _unknown_to_project(settings: Settings) -> Reports:
    nothing = PartReport(Health.DEGRADED, None, {})
    return {PROJECTIONS: nothing, SELF_CHECK: nothing} if settings.check_rate else {PROJECTIONS: nothing}


def _unknown(part: str) -> PartReport:
    return PartReport(Health.DEGRADED, None, {part: None})


def _how(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"
