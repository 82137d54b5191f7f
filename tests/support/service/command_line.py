"""The command line as an operator sees it: its output, or the sentence with which it refuses."""

import json
import logging
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import pytest
import structlog
from click.testing import CliRunner

from service.__main__ import numbering

SECONDS_MAX: Final = 60


@dataclass(frozen=True)
class Outcome:
    """The result of a command."""

    exit_code: int
    stdout: str
    stderr: str


class Command(Protocol):
    """`numbering ARGUMENTS`; keyword arguments are settings: PORT="8080"."""

    def __call__(self, *arguments: str, **settings: str) -> Outcome: ...


@contextmanager
def log_lines_restored() -> Generator[None]:
    """Put log lines back after the block: a cached logger would keep those of the command for every later test."""
    configure, before = structlog.configure, structlog.get_config()
    handlers, level = logging.root.handlers[:], logging.root.level

    def configure_uncached(**how: Any) -> None:
        how["cache_logger_on_first_use"] = False
        configure(**how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", configure_uncached)
        try:
            yield
        finally:
            configure(**before)
            logging.root.handlers[:] = handlers
            logging.root.setLevel(level)


def run_here(arguments: tuple[str, ...], environment: Mapping[str, str]) -> Outcome:
    """Run a command in this process."""
    with log_lines_restored():
        return _run_here(arguments, environment)


def _run_here(arguments: tuple[str, ...], environment: Mapping[str, str]) -> Outcome:
    result = CliRunner().invoke(numbering, arguments, env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


def run_apart(arguments: tuple[str, ...], environment: Mapping[str, str]) -> Outcome:
    """Run a command in a separate process: a command that serves takes over signals and logging."""
    command = [sys.executable, "-m", "service", *arguments]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    return Outcome(ended.returncode, ended.stdout, ended.stderr)


def printed(outcome: Outcome) -> Any:
    """The JSON that a successful command printed."""
    assert outcome.exit_code == 0, outcome.stderr
    return json.loads(outcome.stdout)


def refused(outcome: Outcome) -> str:
    """The one sentence with which a command failed; asserts that there is no traceback."""
    assert outcome.exit_code == 1, outcome
    assert outcome.stdout == ""
    assert "Traceback" not in outcome.stderr
    *_, last = outcome.stderr.strip().splitlines()
    assert last.startswith("Error: "), outcome.stderr
    return last.removeprefix("Error: ")
