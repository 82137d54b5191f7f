"""The list of commands: quick, because it imports none of them, and true."""

import subprocess
import sys

import click
import pytest

from service.__main__ import COMMANDS, numbering

HEAVY = {"aiohttp", "asyncpg", "nats", "rich", "structlog", "msgspec", "uvloop", "prometheus_client"}


def imported_by(*arguments: str) -> set[str]:
    """The modules that a command imports."""
    command = [sys.executable, "-X", "importtime", "-m", "service", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)])
def test_the_list_of_commands_imports_none_of_them(arguments: tuple[str, ...]) -> None:
    imported = imported_by(*arguments)
    assert "service.cli.screen.commands" in imported
    assert imported & HEAVY == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_in_the_list_is_there_and_called_so(name: str) -> None:
    command = numbering.get_command(click.Context(numbering), name)
    assert command is not None
    assert command.name == name
    assert command.help


def test_an_unknown_command_is_refused() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "service", "number"], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 2
    assert "No such command 'number'" in ended.stderr
