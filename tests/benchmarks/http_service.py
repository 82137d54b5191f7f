"""A service for requests over HTTP, of this checkout or of another one: as a user starts it, or what answers alone."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import aiohttp
from msgspec import Struct

from service.cli.starting.first_start import DemoCredentials, read_demo
from tests.benchmarks.place import Place, durable_parts
from tests.benchmarks.processes import children_by_job, process
from tests.benchmarks.processor_time import POSTGRESQL, ProcessorTimes
from tests.support.servers.directories import traversable_directory
from tests.support.waiting import until

UP: Final = "up"
"""`numbering up`: relay and projections beside it, in processes of their own where the version does so."""

SERVE: Final = "serve"
"""`numbering serve --web-only`: nothing reads the log."""

LAYOUTS: Final = (UP, SERVE)

CLIENT, SERVICE, RELAY, PROJECT, ECHO = "client", "service", "relay", "project", "echo"

_COMMANDS: Final = {UP: ("up",), SERVE: ("serve", "--web-only")}
_START_SECONDS_MAX: Final = 60.0
_QUIET_SHARE: Final = 0.1
_QUIET_LOOK_SECONDS: Final = 0.1
_QUIET_LOOKS_MAX: Final = 100


class Installation(Struct, frozen=True):
    """Where a service has its log and its files, and whose code it runs: that of `checkout`, or else ours."""

    place: Place
    data_dir: Path
    checkout: Path | None = None


class Running(Struct, frozen=True):
    """A service that answers at `url`."""

    url: str
    credentials: DemoCredentials
    times: ProcessorTimes


@contextmanager
def installation(place: Place) -> Generator[Installation]:
    """Ours, in the database of the benchmark."""
    with traversable_directory() as directory:
        yield Installation(place, directory / "data")


@contextmanager
def installation_of(checkout: Path, place: Place) -> Generator[Installation]:
    """That of another checkout, on servers of its own with the same settings; its own code migrates the database."""
    with durable_parts(place.postgres_options) as parts, traversable_directory() as directory:
        yield Installation(parts, directory / "data", checkout)


@asynccontextmanager
async def started(installed: Installation, layout: str, session: aiohttp.ClientSession) -> AsyncGenerator[Running]:
    """The service, until the block ends. A service that never ran is started once as `up`, for a firm."""
    if layout != UP and read_demo(installed.data_dir / "demo.json") is None:
        async with started(installed, UP, session):
            pass
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "DATA_DIR": str(installed.data_dir),
        "DATABASE_URL": installed.place.database_url,
        "NATS_URL": installed.place.nats_url,
        "PORT": str(port),
        "RATE_LIMIT": "0",
    }
    with process("service", *_COMMANDS[layout], checkout=installed.checkout, **settings) as pid:
        await until(partial(answers, session, f"{url}/readyz"), f"an answer of {url}", seconds_max=_START_SECONDS_MAX)
        credentials = read_demo(installed.data_dir / "demo.json")
        assert credentials is not None, "`up` writes it before it answers"
        jobs = children_by_job(pid)
        pids = {CLIENT: os.getpid(), SERVICE: pid, **{each: jobs[each] for each in (RELAY, PROJECT) if each in jobs}}
        yield Running(url, credentials, ProcessorTimes(pids, os.getpid()))


@asynccontextmanager
async def echo_started(session: aiohttp.ClientSession) -> AsyncGenerator[tuple[str, ProcessorTimes]]:
    """The address of an echo, until the block ends, and its times."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with process("tests.benchmarks.echo_server", str(port)) as pid:
        await until(partial(answers, session, url), "an answer of the echo")
        yield url, ProcessorTimes({CLIENT: os.getpid(), ECHO: pid}, os.getpid())


async def quiet(times: ProcessorTimes) -> None:
    """Return when what runs after the answers has caught up, so that it takes no time from what is measured next."""
    before = _behind(times)
    for _ in range(_QUIET_LOOKS_MAX):
        await asyncio.sleep(_QUIET_LOOK_SECONDS)
        now = _behind(times)
        if now - before < _QUIET_SHARE * _QUIET_LOOK_SECONDS:
            return
        before = now


def _behind(times: ProcessorTimes) -> float:
    return sum(taken for name, taken in times.seconds().items() if name in {SERVICE, RELAY, PROJECT, POSTGRESQL})


async def answers(session: aiohttp.ClientSession, url: str) -> bool:
    """Whether the server there answers, and says that it is ready if it is a service."""
    try:
        async with session.get(url) as response:
            return response.status in {200, 404}
    except aiohttp.ClientError:
        return False


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
