"""PgBouncer itself in front of PostgreSQL, for tests that skip where it is not installed."""

import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import which
from typing import Final
from urllib.parse import urlsplit

from service.embedded.data_directory import free_port, is_free
from tests.support.waiting import until

PROGRAM: Final = which("pgbouncer") or which("pgbouncer", path="/usr/sbin")


class PgBouncer:
    """A PgBouncer that a test can kill and start again; it passes nothing over and pools as `mode` says."""

    def __init__(self, database_url: str, directory: Path, mode: str, sessions: int) -> None:
        """Begin with no process. At most `sessions` sessions of one user are open with the database."""
        server = urlsplit(database_url)
        self._port = free_port()
        self.url = server._replace(netloc=f"{server.username}:{server.password}@127.0.0.1:{self._port}").geturl()
        users, self._file = directory / "users.txt", directory / "pgbouncer.ini"
        users.write_text(f'"{server.username}" "{server.password}"\n')
        self._file.write_text(
            f"[databases]\n* = host={server.hostname} port={server.port}\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {self._port}\nunix_socket_dir =\nauth_type = plain\n"
            f"auth_file = {users}\npool_mode = {mode}\ndefault_pool_size = {sessions}\n"
        )
        for each in (directory, users, self._file):
            each.chmod(0o755)
        self._process: subprocess.Popen[bytes] | None = None

    def _spawn(self) -> None:
        assert PROGRAM is not None, "this test skips without PgBouncer"
        self._process = subprocess.Popen([PROGRAM, "-q", "-u", "nobody", self._file], stderr=subprocess.DEVNULL)

    async def start(self) -> None:
        """Start it and wait until it listens."""
        self._spawn()
        await until(lambda: not is_free(self._port), "PgBouncer listens")

    def kill(self) -> None:
        """End it at once, with every session that it holds."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@asynccontextmanager
async def pgbouncer(database_url: str, directory: Path, mode: str, sessions: int = 60) -> AsyncGenerator[PgBouncer]:
    """A PgBouncer that listens, until the block ends."""
    started = PgBouncer(database_url, directory, mode, sessions)
    try:
        await started.start()
        yield started
    finally:
        started.kill()
