"""The PostgreSQL and NATS servers of the tests: chosen once, started once."""

import os
import warnings
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest

from service.embedded import EmbeddedParts
from tests.support.servers.directories import server_directory
from tests.support.servers.docker_engine import engine_answers

FORCED = "NUMBERING_TEST_PARTS"
DATABASE_URL = "NUMBERING_TEST_DATABASE_URL"
NATS_URL = "NUMBERING_TEST_NATS_URL"
NATS_SERVER = "NUMBERING_TEST_NATS_SERVER"
"""Names the nats-server program that the tests start, to try another version than the installed one."""

POSTGRES_IMAGE = "postgres:17"
NATS_IMAGE = "nats:2"
# Tests need no durable data and so no waiting for the disk; tests of durability start their own server.
FAST = {"fsync": "off", "synchronous_commit": "on", "full_page_writes": "off", "max_connections": "200"}


class Source(StrEnum):
    """Where the servers come from."""

    URLS = "urls"
    DOCKER = "docker"
    EMBEDDED = "embedded"


@dataclass(frozen=True)
class Parts:
    """Two running servers; the PostgreSQL user may create databases and roles."""

    source: Source
    postgres_url: str
    nats_url: str


@dataclass(frozen=True)
class Choice:
    """The source that was chosen, and why."""

    source: Source
    reason: str


def choose() -> Choice:
    """The first available source: explicit addresses, a Docker engine that answers, the embedded servers.

    `NUMBERING_TEST_PARTS` forces one source; then its failure is an error and no other one is tried.
    """
    forced = os.environ.get(FORCED)
    if forced:
        try:
            return Choice(Source(forced), f"forced by {FORCED}")
        except ValueError as error:
            raise pytest.UsageError(f"{FORCED}={forced}: must be one of {', '.join(Source)}") from error
    if os.environ.get(DATABASE_URL) or os.environ.get(NATS_URL):
        return Choice(Source.URLS, "addresses given")
    if engine_answers():
        return Choice(Source.DOCKER, "a Docker engine answers")
    return Choice(Source.EMBEDDED, "no addresses given, no Docker engine answers")


@contextmanager
def running(source: Source) -> Generator[Parts]:
    """The servers, running, until the block ends."""
    match source:
        case Source.URLS:
            yield Parts(source, required(DATABASE_URL), required(NATS_URL))
        case Source.DOCKER:
            with containers() as (postgres_url, nats_url):
                yield Parts(source, postgres_url, nats_url)
        case Source.EMBEDDED:
            with (
                server_directory() as directory,
                EmbeddedParts(directory, postgres_options=FAST, nats_binary=nats_program()) as embedded,
            ):
                yield Parts(source, embedded.postgres_url, embedded.nats_url)


def nats_program() -> Path | None:
    """The NATS server program to start; None means: search for it."""
    given = os.environ.get(NATS_SERVER)
    return Path(given) if given else None


def required(variable: str) -> str:
    """The value of an environment variable that must be set."""
    value = os.environ.get(variable)
    if not value:
        raise pytest.UsageError(f"{variable} is not set; {DATABASE_URL} and {NATS_URL} go together")
    return value


@contextmanager
def containers() -> Generator[tuple[str, str]]:
    """A PostgreSQL and a NATS container; the addresses of both."""
    with ExitStack() as stack:
        with warnings.catch_warnings():
            # In its NATS module, testcontainers still uses a decorator that it has deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            from testcontainers.community.nats import NatsContainer  # noqa: PLC0415 - most runs do not need this SDK
            from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415 - likewise

            settings = [word for name, value in FAST.items() for word in ("-c", f"{name}={value}")]
            postgres = stack.enter_context(PostgresContainer(POSTGRES_IMAGE, driver=None).with_command(settings))
            nats = stack.enter_context(NatsContainer(NATS_IMAGE, jetstream=True))
        yield postgres.get_connection_url(), nats.nats_uri()
