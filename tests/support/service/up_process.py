"""`numbering up` as a process, and commands in a second terminal."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from service.embedded.data_directory import free_port
from service.embedded.process import children_of, command_of
from tests.support.servers.directories import server_directory
from tests.support.service.command_line import Outcome, run_apart

SECONDS_MAX: Final = 60.0
CHILD: Final = "service.cli.starting.child"


class Up:
    """`numbering up` in a data directory; its only other settings are the port, and those that are given."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.output = data_dir.parent / f"{data_dir.name}.out"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBERING_")}
        self.terminal = inherited | {"NUMBERING_DATA_DIR": str(data_dir)}
        self._environment = self.terminal | {"NUMBERING_PORT": str(free_port()), **settings}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when it says that it is ready."""
        self.output.write_bytes(b"")
        with self.output.open("ab") as output:
            command = [sys.executable, "-m", "service", "up"]
            self._process = subprocess.Popen(command, env=self._environment, stdout=output, stderr=output)
        process = self._process
        self.until(lambda: "ready on" in self.said() or process.poll() is not None)
        assert process.poll() is None, self.said()

    def end(self, wish: signal.Signals) -> int:
        """Send it a signal and wait until it has ended; returns its exit status."""
        assert self._process is not None
        self._process.send_signal(wish)
        status = self._process.wait(SECONDS_MAX)
        self._process = None
        return status

    def processes(self) -> dict[str, int]:
        """The ids of its children by name: relay, project, postgres, nats-server."""
        assert self._process is not None
        found = ((pid, command_of(pid)) for pid in children_of(self._process.pid))
        return {words[-1] if CHILD in words else Path(words[0]).name: pid for pid, words in found if words}

    def said(self) -> str:
        """Its output so far."""
        return self.output.read_text("utf-8")

    def demo(self) -> dict[str, str]:
        """The demo firm's credentials."""
        found: dict[str, str] = json.loads((self.data_dir / "demo.json").read_text("utf-8"))
        return found

    def numbering(self, *arguments: str) -> Outcome:
        """Run a command in a second terminal, with the data directory as its only setting."""
        return run_apart(arguments, self.terminal)

    def answer(self, method: str, path: str, credential: str, body: object = None) -> tuple[int, Any]:
        """Status and body of a request with a credential of the demo firm."""
        return self.asked(method, path, self.demo()[credential], body)

    def asked(self, method: str, path: str, token: str, body: object = None) -> tuple[int, Any]:
        """Status and body of a request with this token or key."""
        request = urllib.request.Request(  # noqa: S310 - our own address
            self.demo()["base_url"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS_MAX) as response:  # noqa: S310
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def text(self, path: str) -> str:
        """What a path answers that needs no credential."""
        with urllib.request.urlopen(self.demo()["base_url"] + path, timeout=SECONDS_MAX) as response:  # noqa: S310
            text: str = response.read().decode()
        return text

    @staticmethod
    def until(condition: Callable[[], bool]) -> None:
        """Wait for the condition, with a deadline."""
        deadline = time.monotonic() + SECONDS_MAX
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true in time"
            time.sleep(0.05)

    def close(self) -> None:
        """End it cleanly if it runs."""
        if self._process is not None:
            self.end(signal.SIGTERM)


@contextmanager
def running_up(**settings: str) -> Generator[Up]:
    """A first start, ended cleanly when the block ends."""
    with server_directory() as directory:
        started = Up(directory / "data", **settings)
        try:
            started.start()
            yield started
        finally:
            started.close()
