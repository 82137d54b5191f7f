"""Requests over HTTP, compared with an echo of the same bytes: rates, latency, and the processor time that each takes.

The service, the relay, the projections, the echo and the clients are separate processes.
"""

import os
import platform
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import aiohttp
from msgspec import Struct

from tests.benchmarks.http_client import Ask, HttpClient
from tests.benchmarks.load import Measured, drive
from tests.benchmarks.place import Pace, Place
from tests.benchmarks.processes import process
from tests.benchmarks.processor_time import NATS, POSTGRESQL, ProcessorTimes
from tests.benchmarks.report import Cell, Report
from tests.support.servers.directories import traversable_directory
from tests.support.service.firms import a_firm
from tests.support.waiting import until

LEVELS: Final = (1, 8, 64, 256)
WARM_UP_SHARE: Final = 0.2
CONSUMED_A_SECOND: Final = 8_000
"""More numbers than are used in a second are reserved before."""

CLIENT, SERVICE, RELAY, PROJECT, ECHO = "client", "service", "relay", "project", "echo"


class Load(NamedTuple):
    """One measurement, and the microseconds of processor time that an answer took, by process."""

    measured: Measured
    microseconds: Mapping[str, float]


class Kind(Struct, frozen=True):
    """One kind of request: what asks the service, what asks the echo, and what must be done before a measurement."""

    ask: Callable[[], Awaitable[bytes]]
    echo: Ask
    prepare: Callable[[int], Awaitable[None]]


class Bench:
    """A running service and a running echo, and the clients of both."""

    def __init__(self, client: HttpClient, echo_url: str, times: ProcessorTimes) -> None:
        self.client = client
        self._echo_url = echo_url
        self._times = times

    async def kinds(self) -> Mapping[str, Kind]:
        """What is measured, by name. Each is asked once, so that the echo knows how long its answer is."""
        client, found = self.client, dict[str, Kind]()
        asks: dict[str, Callable[[], Awaitable[bytes]]] = {
            "reserve 1": lambda: client.reserve(1),
            "reserve 10": lambda: client.reserve(10),
            "reserve 50": lambda: client.reserve(50),
            "consume": client.consume,
            "issue": client.issue,
            "issue, key": client.issue_under_a_key,
        }
        for name, ask in asks.items():
            is_document = not name.startswith("reserve")
            echo = client.echo(self._echo_url, await ask(), is_document=is_document)
            found[name] = Kind(ask, echo, client.stock_up if name == "consume" else _nothing)
        return found

    async def measure(self, ask: Ask, level: int, seconds: float) -> Load:
        """Let `level` clients ask for `seconds`, after a warm-up."""
        await drive([ask] * level, seconds * WARM_UP_SHARE)
        before = self._times.seconds()
        measured = await drive([ask] * level, seconds)
        after = self._times.seconds()
        return Load(measured, {name: (after[name] - before[name]) / measured.count * 1e6 for name in before})


async def run(place: Place, pace: Pace) -> Report:
    """One row for each kind of request and number of connections."""
    levels = LEVELS if pace.seconds else LEVELS[:1]
    return Report("Requests per second over HTTP", await _rows(place, pace, levels), _notes(pace))


async def run_one(place: Place, pace: Pace) -> Report:
    """One row for each kind of request, sent when the reply to the one before it is there."""
    return Report("A request over HTTP that is alone", await _rows(place, pace, (1,)), _notes(pace))


async def _rows(place: Place, pace: Pace, levels: Sequence[int]) -> list[dict[str, Cell]]:
    found: dict[tuple[int, str], list[tuple[Load, Load]]] = {}
    async with bench(place) as running:
        kinds = await running.kinds()
        for _ in range(pace.rounds):
            for level in levels:
                for name, kind in kinds.items():
                    await kind.prepare(2 * level + int(pace.seconds * (1 + WARM_UP_SHARE) * CONSUMED_A_SECOND))
                    loads = [await running.measure(ask, level, pace.seconds) for ask in (kind.echo, kind.ask)]
                    found.setdefault((level, name), []).append((loads[0], loads[1]))
        await running.client.check()
    return [_row(name, level, loads) for (level, name), loads in found.items()]


@asynccontextmanager
async def bench(place: Place, checkout: Path | None = None) -> AsyncGenerator[Bench]:
    """The service of this checkout, or of another one, as production runs it: each job in a process of its own."""
    port, echo_port = _free_port(), _free_port()
    url, echo_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{echo_port}"
    async with AsyncExitStack() as stack:
        directory = stack.enter_context(traversable_directory())
        firm = await a_firm(place.database_url, directory / "keys.json")
        settings = {
            "DATA_DIR": str(directory),
            "DATABASE_URL": place.database_url,
            "NATS_URL": place.nats_url,
            "PORT": str(port),
            "RATE_LIMIT": "0",
        }
        jobs = {SERVICE: ("serve", "--web-only"), RELAY: ("relay",), PROJECT: ("project",)}
        pids = {
            name: stack.enter_context(process("service", *job, checkout=checkout, **settings))
            for name, job in jobs.items()
        }
        pids[ECHO] = stack.enter_context(process("tests.benchmarks.echo_server", str(echo_port)))
        connector = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        for each in (f"{url}/readyz", f"{echo_url}/"):
            await until(partial(_answers, session, each), each)
        client = HttpClient(session, url, firm)
        await client.open_series()
        yield Bench(client, echo_url, ProcessorTimes({CLIENT: os.getpid(), **pids}, os.getpid()))


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status in {200, 404}
    except aiohttp.ClientError:
        return False


async def _nothing(_: int) -> None:
    pass


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _row(name: str, level: int, loads: Sequence[tuple[Load, Load]]) -> dict[str, Cell]:
    """Medians over the rounds; a ratio is the median of the ratios of the rounds."""
    echoes, asked = [echo for echo, _ in loads], [load for _, load in loads]

    def took(of: Sequence[Load], process_name: str) -> int:
        return round(median(each.microseconds.get(process_name, 0.0) for each in of))

    return {
        "request": name,
        "connections": level,
        "echo/s": round(median(each.measured.rate for each in echoes)),
        "per s": round(median(each.measured.rate for each in asked)),
        "ratio": median(load.measured.rate / echo.measured.rate for echo, load in loads),
        "p50 ms": median(each.measured.milliseconds(0.5) for each in asked),
        "p99 ms": median(each.measured.milliseconds(0.99) for each in asked),
        "service us": took(asked, SERVICE),
        "relay us": took(asked, RELAY),
        "project us": took(asked, PROJECT),
        "PostgreSQL us": took(asked, POSTGRESQL),
        "NATS us": took(asked, NATS),
        "client us": took(asked, CLIENT),
        "echo us": took(echoes, ECHO),
    }


def _notes(pace: Pace) -> list[str]:
    return [
        "echo: an aiohttp application that reads JSON and writes JSON, with the headers and the body of the request, "
        "and as many bytes in the reply",
        "service: `numbering serve --web-only`, `relay` and `project` beside it, each answer durable in PostgreSQL "
        "before the reply, the credential checked, every answer checked by the client",
        "us: microseconds of processor time for one answer, by process; they depend less on the machine than rates do",
        f"median of {pace.rounds} rounds of {pace.seconds:g} s each, interleaved; {os.cpu_count()} processors shared "
        f"with PostgreSQL, NATS and the client, Python {platform.python_version()}",
    ]
