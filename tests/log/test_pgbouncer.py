"""PgBouncer itself in front of PostgreSQL: each command that opens a session says to go around it, and ends."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from urllib.parse import urlsplit

import pytest

from service.cli.screen.operator_errors import sentence_for
from service.embedded.data_directory import free_port, is_free
from service.log.event_log import LogUnavailableError
from service.log.postgres_log import PostgresLog
from tests.support.waiting import until

PROGRAM = which("pgbouncer") or which("pgbouncer", path="/usr/sbin")
IGNORED = (
    "role,synchronous_commit,client_min_messages,idle_in_transaction_session_timeout,lock_timeout,statement_timeout,"
    "transaction_timeout,tcp_keepalives_idle,tcp_keepalives_interval,tcp_keepalives_count,tcp_user_timeout"
)


@contextmanager
def pgbouncer(database_url: str, directory: Path, mode: str, ignored: str) -> Generator[tuple[str, int]]:
    """Its address and its port until the block ends; it passes over the settings `ignored`."""
    assert PROGRAM is not None, "this test skips without PgBouncer"
    server, port = urlsplit(database_url), free_port()
    name = server.path.strip("/")
    users, file = directory / "users.txt", directory / "pgbouncer.ini"
    users.write_text(f'"{server.username}" "{server.password}"\n')
    file.write_text(
        f"[databases]\n{name} = host={server.hostname} port={server.port} dbname={name}\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = plain\nauth_file = {users}\n"
        f"pool_mode = {mode}\nignore_startup_parameters = {ignored}\n"
    )
    for each in (users, file):
        each.chmod(0o644)
    with subprocess.Popen([PROGRAM, "-q", "-u", "nobody", file], stderr=subprocess.DEVNULL) as process:
        try:
            yield server._replace(netloc=f"{server.username}:{server.password}@127.0.0.1:{port}").geturl(), port
        finally:
            process.kill()


@pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed")
@pytest.mark.parametrize("mode", ["session", "transaction"])
@pytest.mark.parametrize("ignored", ["", IGNORED], ids=["as it is", "with the settings passed over"])
async def test_no_log_is_opened_through_pgbouncer(database_url: str, data_dir: Path, mode: str, ignored: str) -> None:
    with pgbouncer(database_url, data_dir, mode, ignored) as (url, port):
        await until(lambda: not is_free(port), "PgBouncer listens")
        with pytest.raises(LogUnavailableError) as caught:
            await PostgresLog.open(url)

    sentence = sentence_for(caught.value) or ""
    assert sentence.startswith("cannot use PostgreSQL: ")
    assert "a pooler such as PgBouncer" in sentence
    assert "connect to PostgreSQL itself" in sentence
