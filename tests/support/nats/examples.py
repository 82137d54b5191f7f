"""The example programs of deploy/examples, run as a reader runs them; and other programs with packages from npm."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from service.embedded.process import CannotStartError

EXAMPLES = Path(__file__).parents[3] / "deploy" / "examples"
NODE_REQUIRED = "NUMBERING_TEST_NODE"
"""Set it to `required` where Node is installed, as in CI: then a test of JavaScript fails instead of being skipped."""

INSTALL_SECONDS = 120


class Program:
    """A process with its output in a file; a test can start it, kill it and start it again."""

    def __init__(self, command: list[str], directory: Path, output: Path) -> None:
        self._command, self._directory, self.output = command, directory, output
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; its output is added to the file."""
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, cwd=self._directory, stdout=output, stderr=output, env=os.environ | {"LC_ALL": "C.UTF-8"}
            )

    def kill(self) -> None:
        """End it at once, as a power cut does, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def has_ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def last_words(self) -> str:
        """The last line of the output."""
        return self.output.read_text().splitlines()[-1]

    def assert_runs(self) -> None:
        """Fail with its output if it has ended by itself."""
        assert self._process is not None
        assert self._process.poll() is None, self.output.read_text()[-2000:]


class Follower(Program):
    """The Python example and its SQLite file."""

    def __init__(self, nats_url: str, directory: Path, *, durable: str = "example-follow") -> None:
        self._file = directory / "numbers.sqlite"
        program = str(EXAMPLES / "python" / "follow.py")
        places = ["--database", str(self._file), "--nats-url", nats_url, "--durable", durable]
        command = [sys.executable, program, *places]
        super().__init__(command, directory, directory / "follow.log")

    def sequence(self) -> int:
        """The sequence up to which it has stored the effect of events; 0 before it has made its file."""
        rows = self._rows("SELECT sequence FROM progress")
        return int(rows[0][0]) if rows else 0

    def events(self) -> int:
        """How many events had their effect."""
        rows = self._rows("SELECT sum(events) FROM series")
        return int(rows[0][0] or 0)

    def documents(self) -> dict[str, str]:
        """What became of each document, by its number."""
        return dict(self._rows("SELECT full_number, state FROM document"))

    def _rows(self, query: str) -> list[Any]:
        if not self._file.exists():
            return []
        self.assert_runs()
        connection = sqlite3.connect(self._file)
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            connection.close()


class GapCount(Program):
    """The JavaScript example."""

    def __init__(self, nats_url: str, directory: Path) -> None:
        place = installed(EXAMPLES / "javascript", directory)
        super().__init__(["node", "gaps.js", nats_url], place, directory / "gaps.log")

    def latest(self) -> dict[str, int]:
        """The gaps of each series, from the last line that it printed."""
        self.assert_runs()
        lines = [line for line in self.output.read_text().splitlines() if line.startswith("{")]
        return {line["series"]: line["gaps"] for line in map(json.loads, lines)}


def installed(program: Path, directory: Path) -> Path:
    """A copy of a JavaScript program in `directory`, with the packages that its lock file names."""
    if shutil.which("npm") is None:
        if os.environ.get(NODE_REQUIRED) == "required":
            raise CannotStartError(
                "npm is not installed, and NUMBERING_TEST_NODE=required; install Node or unset the variable"
            )
        pytest.skip(f"npm is not installed; {NODE_REQUIRED}=required makes this an error")
    copy = directory / "javascript"
    shutil.copytree(program, copy, ignore=shutil.ignore_patterns("node_modules"))
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(command, cwd=copy, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    return copy
