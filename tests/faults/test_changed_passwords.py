"""Passwords that change while the service runs: it reads their files again when it connects."""

import asyncio
import json
import secrets
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest

from projections.keeping.connections import PasswordUnknownError
from projections.keeping.connections import connected as projecting
from service.access.key_file import ensure
from service.configuration.addresses import with_password_file
from service.embedded.data_directory import free_port
from service.embedded.nats import find_binary
from service.log.sessions import PasswordFileError, connected, open_pool
from service.nats.client.broker_faults import BrokerUnavailableError
from service.nats.client.connection import NatsSettings
from service.nats.client.connection import connected as nats_connected
from tests.support.servers.parts import nats_program
from tests.support.service.service_process import ServiceProcess, services
from tests.support.waiting import until

CANARY = "kanarienvogel"


def password(name: str) -> str:
    """One that no URL could hold as it is."""
    return f"{CANARY} {name} @:/?#%41'\"\\ă"


def put(path: Path, text: str) -> None:
    """Replace the file at once, for its owner alone, as an operator who rotates a secret does."""
    draft = path.with_suffix(".new")
    draft.touch(0o600)
    draft.write_text(text + "\n", "utf-8")
    draft.replace(path)


class Login:
    """A user of the database that has all our roles and a password, and the file that should hold it."""

    def __init__(self, admin: asyncpg.Connection, database_url: str, file: Path) -> None:
        self.name = f"login_{secrets.token_hex(4)}"
        self.file = file
        place = urlsplit(database_url)
        self.url = place._replace(netloc=f"{self.name}@{place.hostname}:{place.port}").geturl()
        self.address = with_password_file(self.url, file)
        self._admin = admin

    async def change(self, name: str) -> None:
        """Change the password in the database, and end the sessions that the old one began."""
        await self._admin.execute(
            await self._admin.fetchval(
                "SELECT format('ALTER USER %I PASSWORD %L', $1::text, $2::text)", self.name, password(name)
            )
        )
        await self._admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", self.name
        )


@asynccontextmanager
async def a_login(admin: asyncpg.Connection, database_url: str, file: Path) -> AsyncGenerator[Login]:
    login = Login(admin, database_url, file)
    await admin.execute(f"CREATE USER {login.name}")
    for role in ("owner", "writer", "reader", "projector"):
        await admin.execute(f"GRANT numbering_{role} TO {login.name}")
    try:
        await login.change("first")
        put(file, password("first"))
        yield login
    finally:
        await login.change("last")
        await admin.execute(f"DROP USER {login.name}")


async def test_each_connection_to_postgres_reads_the_password_of_now(
    database_admin: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    async with a_login(database_admin, database_url, tmp_path / "password") as login:
        pool = await open_pool(login.address, "numbering_writer", "test", sizes=(0, 1), seconds_max=5)
        async with pool, pool.acquire() as held:
            assert await held.fetchval("SELECT session_user") == login.name
        await login.change("second")
        with pytest.raises(asyncpg.InvalidPasswordError):
            async with connected(login.address, "numbering_writer", "test"):
                pass
        put(login.file, password("second"))
        async with connected(login.address, "numbering_writer", "test"), projecting(login.address) as session:
            assert await session.fetchval("SELECT session_user") == login.name


async def test_a_password_that_cannot_be_read_any_more_is_said(database_url: str, tmp_path: Path) -> None:
    address = with_password_file(database_url, tmp_path / "password")
    with pytest.raises(PasswordFileError, match=r"no password for PostgreSQL: .*password cannot be read: No such file"):
        async with connected(address, None, "test"):
            pass
    with pytest.raises(PasswordUnknownError, match=r"no password for PostgreSQL: .*password cannot be read: No such"):
        async with projecting(address):
            pass
    with pytest.raises(BrokerUnavailableError, match=r"no password for NATS: .*password cannot be read: No such file"):
        async with nats_connected(NatsSettings(url=with_password_file("nats://a@b", tmp_path / "password")), "test"):
            pass


class PasswordNats:
    """A NATS server with one user, whose password can be changed."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.url = f"nats://numbering@127.0.0.1:{self.port}"
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def restart(self, name: str) -> None:
        """Start it, or start it again, with this password."""
        self.stop()
        configuration = self._directory / "nats.conf"
        who = f"user: numbering, password: {json.dumps(password(name), ensure_ascii=False)}"
        configuration.write_text(
            f'listen: "127.0.0.1:{self.port}"\njetstream {{ store_dir: "{self._directory}/store" }}\n'
            f"authorization {{ {who} }}\n",
            "utf-8",
        )
        binary, _ = find_binary(nats_program())
        with (self._directory / "nats.log").open("ab") as log:
            self._process = subprocess.Popen([binary, "--config", configuration], stdout=log, stderr=log)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def password_nats(directory: Path) -> Generator[PasswordNats]:
    server = PasswordNats(directory)
    try:
        server.restart("first")
        yield server
    finally:
        server.stop()


async def is_whole(process: ServiceProcess) -> bool:
    """Whether each of its parts is well."""
    async with aiohttp.ClientSession() as session, session.get(f"{process.base_url}/readyz") as response:
        return response.status == 200 and set((await response.json())["data"]["parts"].values()) == {"ok"}


async def test_a_running_service_goes_on_with_passwords_that_change_and_never_shows_one(
    database_admin: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    ensure(tmp_path / "keys.json")
    nats_file = tmp_path / "nats.password"
    put(nats_file, password("first"))
    async with a_login(database_admin, database_url, tmp_path / "database.password") as login:
        with password_nats(tmp_path) as nats:
            process = ServiceProcess(
                tmp_path,
                login.url,
                nats.url,
                NUMBERING_DATABASE_PASSWORD_FILE=str(login.file),
                NUMBERING_NATS_PASSWORD_FILE=str(nats_file),
                NUMBERING_LOG_LEVEL="debug",
            )
            async with services(process):
                await until(lambda: is_whole(process), "every part is ok")
                await asyncio.to_thread(nats.restart, "second")
                await login.change("second")
                await process.until_status("/readyz", 503)
                put(login.file, password("second"))
                put(nats_file, password("second"))
                await process.until_status("/readyz", 200)
                await until(lambda: is_whole(process), "every part is ok again")
                said = process.said()
    assert CANARY not in said
    assert "PostgreSQL does not let this user in, or has another password (28P01)" in said
    assert "projections wait for the database" in said
    assert "Traceback" not in said
