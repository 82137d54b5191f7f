"""`--fast`: only the tests that need no server and take little time, and a guard that they really need none."""

import sys
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from service.embedded.process import LAUNCHER

OPTION = "--fast"
SERVER_FIXTURES = frozenset(
    {"parts", "data_dir", "server", "up", "postgres_dir", "own_postgres", "own_server", "shared_cluster"}
)
"""The fixtures that start a server, or make room for one; a test needs one if it asks for any, also indirectly."""
SERVER_PARAMETER = "postgres"
"""Of the suite that runs on every log, the half that runs on this one."""
SLOW_PLACES = ("benchmarks", "cli", "embedded", "faults")
"""Folders and modules under `tests` whose tests start servers or processes without a fixture, or take long."""


class ServerInFastRunError(Exception):
    """A test reached for a server in a run that has none; make it ask for a fixture of `SERVER_FIXTURES`."""


def is_fast(fixtures: Collection[str], parameters: Collection[str], place: str) -> bool:
    """Whether a test needs no server: `fixtures` are all it asks for, `place` is its path under `tests`."""
    is_slow_place = any(place == slow or place.startswith(f"{slow}/") for slow in SLOW_PLACES)
    return not is_slow_place and SERVER_FIXTURES.isdisjoint(fixtures) and SERVER_PARAMETER not in parameters


def is_fast_item(item: pytest.Item, tests: Path) -> bool:
    """`is_fast` of a collected test; what is no function has no fixtures to look at, and is left out."""
    if not isinstance(item, pytest.Function):
        return False
    parameters = list(item.callspec.params.values()) if hasattr(item, "callspec") else []
    names = [value for value in parameters if isinstance(value, str)]
    return is_fast(item.fixturenames, names, item.path.relative_to(tests).as_posix())


@dataclass
class FastRun:
    """What pytest does otherwise in a fast run."""

    tests: Path
    left_out: list[pytest.Item] = field(default_factory=list[pytest.Item])

    def pytest_report_header(self) -> str:
        """Say that no server is started."""
        return "parts: none, a fast run starts no server and connects to none"

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what needs a server."""
        chosen = [item for item in items if is_fast_item(item, self.tests)]
        self.left_out = [item for item in items if item not in set(chosen)]
        config.hook.pytest_deselected(items=self.left_out)
        items[:] = chosen

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Refuse connections and servers while the tests run."""
        with no_servers():
            return (yield)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how much was left out."""
        words = f"fast run: {len(self.left_out)} tests were left out, they need a server or take long"
        terminalreporter.write_line(f"{words}; `tests/run` runs them too")


@dataclass
class _Guard:
    """Python forgets no audit hook, so there is one for the process, which mostly does nothing."""

    is_set: bool = False
    is_on: bool = False

    def __call__(self, event: str, arguments: Sequence[object]) -> None:
        if not self.is_on:
            return
        if event == "socket.connect":
            raise ServerInFastRunError(f"a connection to {arguments[1]!r}")
        if event == "subprocess.Popen" and str(LAUNCHER) in str(arguments[1]):
            raise ServerInFastRunError(f"a server: {arguments[1]!r}")


_guard = _Guard()


@contextmanager
def no_servers() -> Generator[None]:
    """Until the block ends, a connection to anything and the start of an embedded server raise ServerInFastRunError.

    A connection made without Python's `socket`, as by uvloop, is not seen.
    """
    if not _guard.is_set:
        sys.addaudithook(_guard)
        _guard.is_set = True
    before, _guard.is_on = _guard.is_on, True
    try:
        yield
    finally:
        _guard.is_on = before
