"""`numbering up` as a newcomer meets it: one command, its own servers, and everything works from a second terminal."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.embedded.data_directory import free_port
from tests.support.command_line import Outcome, run_apart
from tests.support.parts import traversable_directory

SECONDS_MAX = 60.0
FIELDS = {
    "base_url",
    "live_key",
    "test_key",
    "device_a",
    "device_b",
    "device_admin",
    "other_firm_key",
    "other_firm_device",
    "database_url",
    "nats_url",
}


class Up:
    """`numbering up` in a data directory; nothing else is set but its port."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.output = data_dir.parent / f"{data_dir.name}.out"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBERING_")}
        self.terminal = inherited | {"NUMBERING_DATA_DIR": str(data_dir)}
        self._environment = self.terminal | {"NUMBERING_PORT": str(free_port())}
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
        """Signal it and wait until it is gone; its exit status."""
        assert self._process is not None
        self._process.send_signal(wish)
        status = self._process.wait(SECONDS_MAX)
        self._process = None
        return status

    def said(self) -> str:
        return self.output.read_text("utf-8")

    def demo(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.data_dir / "demo.json").read_text("utf-8"))
        return found

    def numbering(self, *arguments: str) -> Outcome:
        """A command in a second terminal, which knows the data directory only."""
        return run_apart(arguments, self.terminal)

    def answer(self, method: str, path: str, credential: str, body: object = None) -> tuple[int, Any]:
        """Status and body of a request."""
        request = urllib.request.Request(  # noqa: S310 - our own address
            self.demo()["base_url"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.demo()[credential]}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS_MAX) as response:  # noqa: S310
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    @staticmethod
    def until(condition: Any) -> None:
        deadline = time.monotonic() + SECONDS_MAX
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true in time"
            time.sleep(0.05)

    def close(self) -> None:
        if self._process is not None:
            self.end(signal.SIGTERM)


@contextmanager
def running() -> Generator[Up]:
    """A first start, ended cleanly with the block."""
    with traversable_directory() as directory:
        started = Up(directory / "data")
        try:
            started.start()
            yield started
        finally:
            started.close()


@pytest.fixture(scope="module")
def up() -> Generator[Up]:
    """One for the tests that leave it running."""
    with running() as started:
        yield started


@pytest.fixture
def own_up() -> Generator[Up]:
    """One for a test that stops or breaks it."""
    with running() as started:
        yield started


def test_a_newcomer_plays_the_demo_and_every_account_agrees(up: Up) -> None:
    played = up.numbering("demo")
    assert played.exit_code == 0, played
    assert "The equation holds" in played.stdout

    reports = json.loads(up.numbering("gaps", "--json").stdout)["data"]
    replayed = up.numbering("replay", "--quiet").stdout
    for report in reports:
        terms = report["equation"]
        assert terms["taken"] == sum(count for fate, count in terms.items() if fate != "taken")
        words = f"{terms['taken']} taken = {terms['standing']} standing + {terms['voided']} voided"
        assert any(report["series_id"] in line and words in line for line in replayed.splitlines())
    assert {gap["reason"] for report in reports for gap in report["data"]} == {"released", "expired"}
    rebuilt = up.numbering("rebuild", "all")
    assert rebuilt.exit_code == 0, rebuilt
    assert "DIFFERS" not in rebuilt.stdout


def test_the_first_start_writes_private_credentials_and_shows_none(up: Up) -> None:
    demo = up.demo()
    assert demo.keys() == FIELDS
    for name in ("demo.json", "keys.json", "runtime.json"):
        assert stat.S_IMODE((up.data_dir / name).stat().st_mode) == 0o600
    for name in FIELDS - {"base_url"}:
        assert demo[name] not in up.said()
    for name in ("live_key", "test_key", "device_a", "device_b", "device_admin", "other_firm_key", "other_firm_device"):
        assert up.answer("GET", "/v1/invoice-series", name)[0] == 200


def test_a_command_shown_at_the_start_works_as_pasted(up: Up) -> None:
    [show] = [line for line in up.said().splitlines() if line.startswith("  curl") and "-d" not in line]
    arguments = subprocess.run(
        ["bash", "-c", f'curl() {{ printf "%s\\n" "$@"; }}; {show}'], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert f"Authorization: Bearer {up.demo()['live_key']}" in arguments


def test_a_second_start_finds_what_the_first_made(own_up: Up) -> None:
    demo = own_up.demo()
    assert own_up.answer("POST", "/v1/invoice-series", "live_key", {"name": "A", "document_type": "fiscal"})[0] == 201
    assert own_up.end(signal.SIGTERM) == 0
    assert "nothing listens there" in own_up.numbering("gaps").stderr

    own_up.start()

    assert own_up.demo() == demo
    assert own_up.answer("GET", "/v1/invoice-series", "live_key")[1]["data"]["total"] == 1
    assert own_up.end(signal.SIGINT) == 0


def test_a_hard_kill_leaves_nothing_that_blocks_the_next_start(own_up: Up) -> None:
    assert own_up.answer("POST", "/v1/invoice-series", "live_key", {"name": "A", "document_type": "fiscal"})[0] == 201
    own_up.end(signal.SIGKILL)
    own_up.start()
    assert own_up.answer("GET", "/v1/invoice-series", "live_key")[1]["data"]["total"] == 1


def test_a_data_directory_in_use_is_said(up: Up) -> None:
    second = run_apart(("up",), up.terminal | {"NUMBERING_PORT": str(free_port())})
    assert second.exit_code == 1
    assert "is in use by process" in second.stderr


def test_a_killed_server_is_started_again_and_the_service_resumes(own_up: Up) -> None:
    note = own_up.data_dir / "postgres" / "cluster" / "postmaster.pid"
    os.kill(int(note.read_text("ascii").splitlines()[0]), signal.SIGKILL)
    os.kill(int((own_up.data_dir / "nats" / "pid").read_text("ascii")), signal.SIGKILL)

    own_up.until(lambda: own_up.said().count("has ended; starting it again") == 2)
    own_up.until(lambda: own_up.answer("GET", "/readyz", "live_key")[1]["data"]["status"] == "ready")

    assert own_up.answer("POST", "/v1/invoice-series", "live_key", {"name": "B", "document_type": "fiscal"})[0] == 201
