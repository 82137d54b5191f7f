"""What others wrote steers no terminal: in sentences, tables, JSON and log lines."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from service.cli.screen.commands import CommandFault
from service.cli.screen.console import err, out, print_json, print_table, table
from service.cli.screen.log_lines import write_log_lines
from service.configuration.setting_kinds import LogFormat
from service.configuration.settings import Settings
from tests.support.service.command_line import Command, refused

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202ereversed\r\x7f\x00"
STEERING = set("\x1b\x07\x9b\u202e\r\x7f\x00\x08")


def shown(text: str) -> None:
    assert not STEERING & set(text), repr(text)
    assert "\\u001b" in text


def test_no_sentence_of_a_command_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    out().print(f"a {HOSTILE}")
    err().print(f"a {HOSTILE}", style="bold")
    grid = table("name", HOSTILE)
    grid.add_row(HOSTILE, "x")
    print_table(grid)
    CommandFault(f"message {HOSTILE} is not ours").show()
    captured = capsys.readouterr()

    for text in (captured.out, captured.err):
        shown(text)


def test_json_is_the_same_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Also where it is a letter beyond the sixteen bits, or one that is not printable."""
    value = {"name": f"{HOSTILE} Țăran \U0001f600 \U000e0001"}
    print_json(value)
    text = capsys.readouterr().out

    shown(text)
    assert json.loads(text) == value
    assert "Țăran \U0001f600" in text


def test_a_wrong_setting_that_steers_terminals_is_shown_harmless(command: Command) -> None:
    sentence = refused(command("gaps", LOG_LEVEL="\x1b[2Jx"))
    assert "\x1b" not in sentence


@pytest.fixture
def log_lines() -> Iterator[None]:
    """Logging as it was, afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("log_format", LogFormat)
def test_no_log_line_steers_the_terminal_or_begins_another_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, log_lines: None, log_format: LogFormat
) -> None:
    write_log_lines(Settings(data_dir=tmp_path, log_format=log_format))
    say = structlog.get_logger("test")
    say.error(f"a {HOSTILE}\nforged line", text=f"{HOSTILE}\nforged line")
    logging.getLogger("library").error("of a library: %s", HOSTILE)
    lines = capsys.readouterr().err.splitlines()
    say.error("failed", exc_info=ValueError(HOSTILE))
    text = capsys.readouterr().err

    assert len(lines) == 2
    for line in (*lines, text):
        shown(line.replace("\\\\u001b", "\\u001b"))
