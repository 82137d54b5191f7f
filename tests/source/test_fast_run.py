"""Which tests `--fast` runs, and that it keeps them from every server."""

import asyncio
import socket
import subprocess
import sys

import asyncpg
import pytest

from service.embedded.process import LAUNCHER
from tests.source.code import ROOT, functions, python_files
from tests.support.selection import SERVER_FIXTURES, SLOW_PLACES, ServerInFastRunError, is_fast, no_servers

PLACE = "log/test_append.py"


def test_a_test_that_asks_for_no_server_is_fast() -> None:
    assert is_fast(["tmp_path", "log"], ["memory"], PLACE)


@pytest.mark.parametrize("fixture", sorted(SERVER_FIXTURES))
def test_a_test_that_asks_for_a_server_by_way_of_others_is_not(fixture: str) -> None:
    assert not is_fast(["api", "tmp_path", fixture], [], PLACE)


def test_the_half_of_a_suite_that_runs_on_postgres_is_not() -> None:
    assert not is_fast(["log"], ["postgres"], PLACE)


@pytest.mark.parametrize("folder", SLOW_PLACES)
def test_nothing_in_a_slow_folder_is(folder: str) -> None:
    assert not is_fast([], [], f"{folder}/test_it.py")
    assert is_fast([], [], f"{folder}_and_more/test_it.py")


def test_every_server_fixture_and_every_slow_folder_is_there() -> None:
    defined = {function.name for path in python_files("tests") for function in functions(path)}
    assert SERVER_FIXTURES - defined == set()
    assert [folder for folder in SLOW_PLACES if not (ROOT / "tests" / folder).exists()] == []


def test_where_there_are_no_servers_a_connection_is_refused() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.socket() as client,
        no_servers(),
        pytest.raises(ServerInFastRunError, match="a connection to"),
    ):
        client.connect(listening.getsockname())


async def test_where_there_are_no_servers_postgres_is_not_reached() -> None:
    assert type(asyncio.get_running_loop()).__module__.startswith("asyncio")  # uvloop's connections are not seen
    with no_servers(), pytest.raises(ServerInFastRunError):
        await asyncpg.connect("postgresql://127.0.0.1:1/nothing")


def test_where_there_are_no_servers_none_is_started() -> None:
    with no_servers(), pytest.raises(ServerInFastRunError, match="a server"):
        subprocess.run([sys.executable, str(LAUNCHER)], check=False)


def test_a_fast_run_says_how_many_tests_it_left_out() -> None:
    run = [sys.executable, "-m", "pytest", "--fast", "--collect-only", "-q", "-p", "no:cacheprovider"]
    outcome = subprocess.run([*run, "tests/log/test_append.py"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert outcome.returncode == 0, outcome.stdout
    lines = outcome.stdout.splitlines()
    left_out = next(int(line.split()[2]) for line in lines if line.startswith("fast run:"))
    assert left_out > 0
    assert f"({left_out} deselected)" in lines[-1]
