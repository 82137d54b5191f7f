"""Where benchmarks run, and how long: their own PostgreSQL and NATS server, as durable as in production."""

import secrets
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
from msgspec import Struct

from service.embedded import EmbeddedParts
from service.log.migrate import migrate
from tests.support.servers.databases import database, with_database
from tests.support.servers.directories import traversable_directory

SQL = Path(__file__).with_name("sql")


class Place(Struct, frozen=True):
    """The addresses of a migrated database without events, for its superuser, and of a NATS server."""

    database_url: str
    nats_url: str


class Pace(Struct, frozen=True):
    """How long a benchmark measures: `seconds` for each measurement (0: one request for each client), in `rounds`.

    `levels` are the numbers of requests in flight.
    """

    seconds: float
    rounds: int
    levels: tuple[int, ...]


LEVELS = (1, 8, 64, 512)
FULL = Pace(3.0, 5, LEVELS)
QUICK = Pace(0.5, 2, LEVELS)
TINY = Pace(0.0, 1, (1, 8))


@contextmanager
def durable_parts() -> Generator[Place]:
    """Servers that start empty, lose nothing in a power cut, and are removed afterwards."""
    with traversable_directory() as directory, EmbeddedParts(directory) as parts:
        yield Place(parts.postgres_url, parts.nats_url)


@asynccontextmanager
async def fresh(servers: Place) -> AsyncGenerator[Place]:
    """The same servers with a new database, which is dropped afterwards."""
    admin = await asyncpg.connect(servers.database_url)
    try:
        async with database(admin, f"bench_{secrets.token_hex(4)}", "template0") as name:
            url = with_database(servers.database_url, name)
            await migrate(url)
            yield Place(url, servers.nats_url)
    finally:
        await admin.close()


def sql(name: str) -> str:
    """The text of `tests/benchmarks/sql/NAME.sql`."""
    return (SQL / f"{name}.sql").read_text("utf-8")
