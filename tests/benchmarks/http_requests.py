"""Requests over HTTP, compared with an echo of the same bytes, and with another version of this service.

Service, relay, projections, echo and clients are separate processes, and the processor time of each is measured. All
that is compared is asked in turn, in one run.
"""

import os
import platform
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from functools import partial
from types import MappingProxyType
from typing import Final, NamedTuple

import aiohttp
from msgspec import Struct

from tests.benchmarks.http_client import Ask, HttpClient
from tests.benchmarks.http_report import NOW, THEN, Load, compared_row, row
from tests.benchmarks.http_service import (
    ECHO,
    SERVE,
    UP,
    Installation,
    echo_started,
    installation,
    installation_of,
    quiet,
    started,
)
from tests.benchmarks.load import drive
from tests.benchmarks.place import Pace, Place, disk_of
from tests.benchmarks.processor_time import ProcessorTimes
from tests.benchmarks.report import Cell, Report

LEVELS: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType({UP: (1, 8, 64, 256), SERVE: (64,)})
WARM_UP_SHARE: Final = 0.2
CONSUMED_A_SECOND: Final = 8_000
"""More numbers than are used in a second are reserved before."""

SERIES: Final = 64
SERIES_TINY: Final = 2


class Kind(Struct, frozen=True):
    """One kind of request: what asks, how many numbers an answer gives, and what must be done before a measurement."""

    ask: Callable[[HttpClient], Awaitable[bytes]]
    numbers: int
    is_document: bool = False
    prepare: Callable[[HttpClient, int], Awaitable[None]] | None = None


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "reserve 1": Kind(lambda client: client.reserve(1), 1),
        "reserve 10": Kind(lambda client: client.reserve(10), 10),
        "reserve 50": Kind(lambda client: client.reserve(50), 50),
        "reserve 10, 64 series": Kind(lambda client: client.reserve_in_turn(10), 10),
        "consume": Kind(HttpClient.consume, 0, is_document=True, prepare=HttpClient.stock_up),
        "issue": Kind(HttpClient.issue, 1, is_document=True),
        "issue, key": Kind(HttpClient.issue_under_a_key, 1, is_document=True),
    }
)
"""What can be measured, by name. A document that uses a number that was reserved gives no new one."""

MAIN_KINDS: Final = ("reserve 10", "consume", "issue")


class Side(NamedTuple):
    """One of those that are asked in turn."""

    ask: Ask
    times: ProcessorTimes


class Bench(NamedTuple):
    """The services that are compared, by name, and the echo."""

    clients: Mapping[str, HttpClient]
    times: Mapping[str, ProcessorTimes]
    echo_url: str

    async def sides(self, kind: Kind) -> Mapping[str, Side]:
        """What is asked for one kind. It is asked once before, so that the echo knows how long its answer is."""
        asks: dict[str, Ask] = {name: partial(kind.ask, client) for name, client in self.clients.items()}
        client = self.clients[NOW]
        asks[ECHO] = client.echo(self.echo_url, await kind.ask(client), is_document=kind.is_document)
        return {name: Side(ask, self.times[name]) for name, ask in asks.items()}


Loads = Mapping[str, Load]


async def run(place: Place, pace: Pace) -> Report:
    """One row for each layout, kind of request and number of connections."""
    rows: list[dict[str, Cell]] = []
    with _installed(place, pace) as installed:
        for layout in pace.choice.layouts or (UP, SERVE):
            levels = pace.levels or LEVELS[layout]
            kinds = pace.choice.kinds or (tuple(KINDS) if layout == UP and not pace.choice.against else MAIN_KINDS)
            rows += await _rows(installed, pace, layout, kinds, levels if pace.seconds else levels[:1])
    return Report(_title("Requests per second over HTTP", pace), rows, _notes(place, pace))


async def run_one(place: Place, pace: Pace) -> Report:
    """One row for each kind of request, sent when the reply to the one before it is there."""
    kinds = pace.choice.kinds or ("reserve 1", *MAIN_KINDS)
    rows: list[dict[str, Cell]] = []
    with _installed(place, pace) as installed:
        for layout in pace.choice.layouts or (UP,):
            rows += await _rows(installed, pace, layout, kinds if pace.seconds else kinds[:1], (1,))
    return Report(_title("A request over HTTP that is alone", pace), rows, _notes(place, pace))


async def _rows(
    installed: Mapping[str, Installation], pace: Pace, layout: str, kinds: Sequence[str], levels: Sequence[int]
) -> list[dict[str, Cell]]:
    found: dict[tuple[int, str], list[Loads]] = {}
    async with _bench(installed, pace, layout) as running:
        sides = {name: await running.sides(KINDS[name]) for name in kinds}
        for turn in range(pace.rounds):
            for level in levels:
                for name in kinds:
                    await _prepare(running, KINDS[name], level, pace)
                    found.setdefault((level, name), []).append(await _turn(sides[name], level, pace, turn))
        for client in running.clients.values():
            await client.check()
    make = compared_row if pace.choice.against else row
    return [make(layout, name, level, KINDS[name].numbers, loads) for (level, name), loads in found.items()]


async def _prepare(running: Bench, kind: Kind, level: int, pace: Pace) -> None:
    if kind.prepare is not None:
        for client in running.clients.values():
            await kind.prepare(client, 2 * level + int(pace.seconds * (1 + WARM_UP_SHARE) * CONSUMED_A_SECOND))


async def _turn(sides: Mapping[str, Side], level: int, pace: Pace, turn: int) -> Loads:
    """Ask each side for a while; who is first changes from turn to turn."""
    names = list(sides)[:: 1 if turn % 2 == 0 else -1]
    found: dict[str, Load] = {}
    for name in names:
        if pace.seconds:
            for each in sides.values():
                await quiet(each.times)
        found[name] = await _measure(sides[name], level, pace.seconds)
    return found


async def _measure(side: Side, level: int, seconds: float) -> Load:
    """Let `level` clients ask for `seconds`, after a warm-up."""
    await drive([side.ask] * level, seconds * WARM_UP_SHARE)
    before = side.times.seconds()
    measured = await drive([side.ask] * level, seconds)
    after = side.times.seconds()
    return Load(measured, {name: (after[name] - before[name]) / measured.count * 1e6 for name in before})


@contextmanager
def _installed(place: Place, pace: Pace) -> Generator[Mapping[str, Installation]]:
    """Ours, and that of the other checkout if one is named."""
    with ExitStack() as stack:
        found = {NOW: stack.enter_context(installation(place))}
        if pace.choice.against is not None:
            found[THEN] = stack.enter_context(installation_of(pace.choice.against, place))
        yield found


@asynccontextmanager
async def _bench(installed: Mapping[str, Installation], pace: Pace, layout: str) -> AsyncGenerator[Bench]:
    """The services in this layout."""
    clients: dict[str, HttpClient] = {}
    times: dict[str, ProcessorTimes] = {}
    async with AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        for name, each in installed.items():
            service = await stack.enter_async_context(started(each, layout, session))
            clients[name] = HttpClient(session, service.url, service.credentials)
            await clients[name].open_series(layout.upper(), SERIES if pace.seconds else SERIES_TINY)
            times[name] = service.times
        echo_url, times[ECHO] = await stack.enter_async_context(echo_started(session))
        yield Bench(clients, times, echo_url)


def _title(what: str, pace: Pace) -> str:
    return what if pace.choice.against is None else f"{what}, in turn with {pace.choice.against}"


def _notes(place: Place, pace: Pace) -> list[str]:
    return [
        "echo: an aiohttp application that reads JSON and writes JSON, with the headers and the body of the request, "
        "and as many bytes in the reply",
        f"{UP}: `numbering up`, relay and projections beside it; {SERVE}: `numbering serve --web-only`, nothing reads "
        "the log. Each answer is durable in PostgreSQL before the reply, the credential is checked, every answer is "
        "checked by the client, and in the end all numbers that a series gave were in answers, once",
        "us: microseconds of processor time for one answer, by process; they depend less on the machine than rates do",
        f"{disk_of(place)}; median of {pace.rounds} rounds of {pace.seconds:g} s each, in turn; {os.cpu_count()} "
        f"processors shared with PostgreSQL, NATS and the client, Python {platform.python_version()}",
    ]
