"""What every test may ask for: real servers, started once, and a clean place on them."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from nats.js import JetStreamContext

from service.embedded import EmbeddedNats
from tests.support.nats.streams import jetstream_at, streams_restored
from tests.support.selection import OPTION, FastRun
from tests.support.servers.databases import database, migrated_template, with_database
from tests.support.servers.directories import server_directory
from tests.support.servers.parts import Choice, Parts, choose, nats_program, running
from tests.support.service.client import Api, an_api

CHOICE = pytest.StashKey[Choice]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know `--fast`."""
    parser.addoption(OPTION, action="store_true", help="run only the tests that need no server and take little time")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the servers before the header names them."""
    if config.getoption(OPTION):
        config.pluginmanager.register(FastRun(Path(__file__).parent))
    else:
        config.stash[CHOICE] = choose()


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say which servers the tests run on, and why."""
    choice = config.stash.get(CHOICE, None)
    if choice is None:
        return None
    given = nats_program()
    return f"parts: {choice.source} ({choice.reason})" + (f", NATS server: {given}" if given else "")


@pytest.fixture(scope="session")
def parts(pytestconfig: pytest.Config) -> Iterator[Parts]:
    """PostgreSQL and NATS, shared by all tests. Use `database_url` and `nats_url` for a clean place on them."""
    with running(pytestconfig.stash[CHOICE].source) as servers:
        yield servers


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """An empty directory for a test that starts servers of its own; also root's servers may use it."""
    with server_directory() as directory:
        yield directory


@pytest.fixture
def server(data_dir: Path) -> Iterator[EmbeddedNats]:
    """A NATS server of the test's own, to kill and to rob; its store is `data_dir`/nats/store."""
    with EmbeddedNats(data_dir / "nats", nats_program()) as running_server:
        yield running_server


@pytest_asyncio.fixture(scope="session")
async def database_admin(parts: Parts) -> AsyncIterator[asyncpg.Connection]:
    """The superuser's connection that makes and drops databases."""
    connection = await asyncpg.connect(parts.postgres_url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest_asyncio.fixture(scope="session")
async def template_database(parts: Parts, database_admin: asyncpg.Connection) -> AsyncIterator[str]:
    """The name of a migrated, empty database."""
    async with migrated_template(database_admin, parts.postgres_url) as name:
        yield name


@pytest_asyncio.fixture
async def database_url(parts: Parts, database_admin: asyncpg.Connection, template_database: str) -> AsyncIterator[str]:
    """The superuser's address of a migrated, empty database of this test's own."""
    async with database(database_admin, f"test_{secrets.token_hex(8)}", template_database) as name:
        yield with_database(parts.postgres_url, name)


@pytest_asyncio.fixture(scope="session")
async def jetstream_admin(parts: Parts) -> AsyncIterator[JetStreamContext]:
    """The connection that tidies JetStream up."""
    async with jetstream_at(parts.nats_url) as jetstream:
        yield jetstream


@pytest_asyncio.fixture
async def nats_url(parts: Parts, jetstream_admin: JetStreamContext) -> AsyncIterator[str]:
    """The address of NATS; every stream the test makes is deleted after it."""
    async with streams_restored(jetstream_admin):
        yield parts.nats_url


@pytest_asyncio.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A service of the test's own on a real port, with two firms and no rate limit."""
    async with an_api(database_url, tmp_path) as running:
        yield running
