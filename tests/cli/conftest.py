"""The command line, used as an operator uses it."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from service.embedded.data_directory import free_port
from tests.support.service.command_line import Command, Outcome, run_apart, run_here
from tests.support.service.up_process import Up, running_up

APART = {"up", "evidence", "serve", "relay", "project", "advance", "erase", "explain-gap"}
"""The commands that take over signals or the logging of their process."""


@pytest.fixture
def command(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`numbering ARGUMENTS` on a migrated database, with its own data directory."""
    for name in [name for name in os.environ if name.startswith("NUMBERING_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, **settings: str) -> Outcome:
        given = {"DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": database_url, "PORT": str(free_port())} | settings
        environment = os.environ | {f"NUMBERING_{name}": value for name, value in given.items()}
        return (run_apart if arguments[0] in APART else run_here)(arguments, environment)

    return run


@pytest.fixture(scope="package")
def up() -> Generator[Up]:
    """`numbering up` after its first start, for the tests that leave it running."""
    with running_up(NUMBERING_RATE_LIMIT="0") as started:
        yield started
