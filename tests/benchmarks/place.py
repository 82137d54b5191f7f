"""Where benchmarks run, and how long: their own PostgreSQL and NATS server, as durable as in production."""

import secrets
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

import asyncpg
from msgspec import Struct

from service.embedded import EmbeddedParts
from service.log.migrating.migrate import migrate
from tests.support.servers.databases import database, with_database
from tests.support.servers.directories import traversable_directory

SQL: Final = Path(__file__).with_name("sql")

SLOW_DISK: Final[Mapping[str, str]] = MappingProxyType({"commit_delay": "2000", "commit_siblings": "0"})
"""Settings of PostgreSQL that model a slow disk: each flush of the write-ahead log first waits 2,000 us."""


class Place(Struct, frozen=True):
    """The addresses of a migrated database without events, for its superuser, and of a NATS server.

    `postgres_options` are the settings of the PostgreSQL server that make it slower than its disk.
    """

    database_url: str
    nats_url: str
    postgres_options: Mapping[str, str] = MappingProxyType({})


class Choice(Struct, frozen=True):
    """What of a benchmark over HTTP is measured. Empty: what that benchmark measures by itself.

    `against` is another checkout of this repository, with its own virtual environment.
    """

    kinds: tuple[str, ...] = ()
    layouts: tuple[str, ...] = ()
    against: Path | None = None


class Pace(Struct, frozen=True):
    """How long a benchmark measures: `seconds` for each measurement (0: one request for each client), in `rounds`.

    `levels` are the numbers of requests in flight; empty: those of the benchmark.
    """

    seconds: float
    rounds: int
    levels: tuple[int, ...] = ()
    choice: Choice = Choice()


FULL: Final = Pace(2.0, 5)
QUICK: Final = Pace(0.5, 2)
TINY: Final = Pace(0.0, 1, (1, 8))


@contextmanager
def durable_parts(postgres_options: Mapping[str, str] = MappingProxyType({})) -> Generator[Place]:
    """Servers that start empty, lose nothing in a power cut, and are removed afterwards; nothing is migrated."""
    with (
        traversable_directory() as directory,
        EmbeddedParts(directory, postgres_options=postgres_options) as parts,
    ):
        yield Place(parts.postgres_url, parts.nats_url, postgres_options)


@asynccontextmanager
async def fresh(servers: Place) -> AsyncGenerator[Place]:
    """The same servers with a new database, which is dropped afterwards."""
    admin = await asyncpg.connect(servers.database_url)
    try:
        async with database(admin, f"bench_{secrets.token_hex(4)}", "template0") as name:
            url = with_database(servers.database_url, name)
            await migrate(url)
            yield Place(url, servers.nats_url, servers.postgres_options)
    finally:
        await admin.close()


def sql(name: str) -> str:
    """The text of `tests/benchmarks/sql/NAME.sql`."""
    return (SQL / f"{name}.sql").read_text("utf-8")


def disk_of(place: Place) -> str:
    """What is said of the disk in a report."""
    if not place.postgres_options:
        return "the disk of the machine"
    options = ", ".join(f"{name} = {value}" for name, value in place.postgres_options.items())
    return f"a modelled slow disk ({options})"
