"""What our PostgreSQL and our NATS have in common: one directory, one child process, one way to start and to end."""

import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from service.embedded.data_directory import DataDirectory, is_free
from service.embedded.process import CannotStartError, Identity, kill_with_children, spawn, tail, terminate, wait_until

# A port can be taken between our look and the server's; then another one is tried.
ADDRESS_ATTEMPTS = 3


def silent(_progress: str) -> None:
    """Progress nobody wants to see."""


class EmbeddedServer(ABC):
    """A server on 127.0.0.1 that ends when this process ends, however it ends.

    On Linux the kernel sees to that; elsewhere the next start ends the orphan. One user of a directory at a time.
    """

    title: str
    ready_seconds: float
    # Asks for a clean and fast end; also what the server gets when we die.
    end_signal: signal.Signals
    end_seconds: float

    def __init__(self, data_dir: Path) -> None:
        self._directory = DataDirectory(data_dir)
        self._child: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    @abstractmethod
    def url(self) -> str:
        """The address with user and password; the same at the next start if the port is still free then."""

    @property
    def pid(self) -> int | None:
        """The process id of the server while it runs."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def start(self, on_progress: Callable[[str], None] = silent) -> None:
        """Return when the server is ready for clients. Does nothing if it runs.

        Only from the main thread. Raises CannotStartError, with the end of the server's log if it got that far; then
        nothing is left running.
        """
        if self.pid is not None:
            return
        self._directory.lock()
        try:
            self._start(on_progress)
        except BaseException:
            self.stop()
            raise

    @abstractmethod
    def _start(self, on_progress: Callable[[str], None]) -> None:
        """Find the programs, end an orphan, make what is missing, then `_run`. We hold the directory."""

    def _run(self, command: Callable[[], Sequence[str]], identity: Identity, is_ready: Callable[[int], bool]) -> None:
        """Start `command` (asked for once `_port` is known) and wait until `is_ready` says so of the process id."""
        for _attempt in range(ADDRESS_ATTEMPTS):
            self._port = self._directory.port()
            log_start = self._directory.begin_log()
            place = self._directory
            child = spawn(command(), place.path, place.log, death_signal=self.end_signal, identity=identity)
            self._child = child

            def has_decided(child: subprocess.Popen[bytes] = child) -> bool:
                return child.poll() is not None or is_ready(child.pid)

            is_decided = wait_until(has_decided, self.ready_seconds)
            if is_decided and child.poll() is None:
                return
            how = (
                f"ended with status {child.returncode}"
                if is_decided
                else f"is not ready after {self.ready_seconds:.0f} s"
            )
            if not is_decided or is_free(self._port):
                raise CannotStartError(f"{self.title} {how}; from {place.log}:{tail(place.log, log_start)}")
        raise CannotStartError(f"{self.title} found every port taken: {ADDRESS_ATTEMPTS} were tried")

    def stop(self) -> None:
        """Shut down cleanly, cutting sessions off, and let others use the directory. Twice is once."""
        try:
            if self._child is not None:
                terminate(self._child, self.end_signal, self.end_seconds)
                self._child = None
        finally:
            self._directory.unlock()

    def kill(self) -> None:
        """End the server at once, as a power cut would. The directory stays ours; `start` keeps the port."""
        if self._child is not None:
            kill_with_children(self._child)
            self._child = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()
