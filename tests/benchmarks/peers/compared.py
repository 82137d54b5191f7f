"""Numbers per second beside what else one could use: each in turn with our writer, on one counter, in one run."""

import asyncio
import os
import platform
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from tests.benchmarks import naive_counter
from tests.benchmarks.hot_series import HotSeries, hot_series
from tests.benchmarks.load import Measured, drive
from tests.benchmarks.naive_counter import Way
from tests.benchmarks.peers import message_db
from tests.benchmarks.peers.environment import CannotInstallError, python_with_peers
from tests.benchmarks.place import Pace, Place, disk_of
from tests.benchmarks.processor_time import POSTGRESQL, ProcessorTimes
from tests.benchmarks.report import Cell, Report

LEVELS: Final = (1, 64)
WARM_UP_SHARE: Final = 0.2
CLIENT: Final = "client"
WRITER: Final = "our writer"
PROGRAM: Final = Path(__file__).with_name("eventsourcing_counter.py")

PROMISES: Final[Mapping[str, str]] = {
    WRITER: "no gaps, durable, tokens, a fate for each number; core and PostgreSQL check",
    "naive, waiting": "no gaps, durable; no tokens, no fates; a primary key checks",
    "naive, NOWAIT": "the same; a request is refused while another one runs, and tried again here",
    "naive, one SQL call": "no gaps, durable; no tokens, no fates; a primary key checks",
    "eventsourcing, snapshots": "no gaps, durable; no tokens, no fates; Python checks, and a primary key the versions",
    "eventsourcing, cached": "the same, and one process alone may write",
    "message-db": "no gaps, durable; no tokens, no fates; a unique index checks positions, nobody what a message says",
}
"""What each promises; what is not named, it does not promise."""


class Load(NamedTuple):
    """One measurement, how often a client had to try again, and the seconds of processor time, by process."""

    measured: Measured
    refused: int
    seconds: Mapping[str, float]

    def microseconds(self, name: str) -> float:
        """For one number."""
        return self.seconds.get(name, 0.0) / self.measured.count * 1e6


Measure = Callable[[int, float], Awaitable[Load]]
"""Lets so many clients reserve for so many seconds, after a warm-up, and checks every number."""


async def run(place: Place, pace: Pace) -> Report:
    """One row for each peer and number of requests in flight."""
    levels = pace.levels or LEVELS
    found: dict[tuple[int, str], list[tuple[Load, Load]]] = {}
    async with AsyncExitStack() as stack:
        series = await stack.enter_async_context(hot_series(place.database_url))
        peers, missing = await _peers(place, is_tiny=not pace.seconds)
        for _ in range(pace.rounds):
            for level in levels:
                for name, measure in peers.items():
                    loads = (await measure(level, pace.seconds), await _writer(series, level, pace.seconds))
                    found.setdefault((level, name), []).append(loads)
    rows: list[dict[str, Cell]] = []
    for level in levels:
        ours = [(load, load) for (each, _), loads in found.items() if each == level for _, load in loads]
        rows.append(_row(level, WRITER, ours))
        rows += [_row(level, name, loads) for (each, name), loads in found.items() if each == level]
    return Report(
        "Numbers per second of one counter, and what is promised for them", rows, _notes(place, pace, missing)
    )


async def _peers(place: Place, *, is_tiny: bool) -> tuple[dict[str, Measure], list[str]]:
    """What can be measured here, and why the others cannot; those that must be fetched are left out if tiny."""
    url, missing = place.database_url, list[str]()
    await naive_counter.create(url)
    found: dict[str, Measure] = {
        "naive, waiting": partial(_naive, url, Way.WAITING),
        "naive, NOWAIT": partial(_naive, url, Way.AT_ONCE),
        "naive, one SQL call": partial(_naive, url, Way.ONE_CALL),
    }
    if is_tiny:
        return found, missing
    try:
        python = python_with_peers()
        for mode in ("snapshots", "cached"):
            found[f"eventsourcing, {mode}"] = partial(_eventsourcing, python, url, mode)
    except CannotInstallError as error:
        missing.append(f"eventsourcing is not measured: {error}")
    try:
        await message_db.install(url)
        found["message-db"] = partial(_message_db, url)
    except message_db.CannotFetchError as error:
        missing.append(f"message-db is not measured: {error}")
    return found, missing


async def _writer(series: HotSeries, level: int, seconds: float) -> Load:
    clients = [series.reserve] * level
    await drive(clients, seconds * WARM_UP_SHARE)
    taken = series.taken
    times = _times()
    before = times.seconds()
    measured = await drive(clients, seconds)
    spent = _difference(times.seconds(), before)
    assert series.taken == taken + measured.count, "every answer is a number"
    return Load(measured, 0, spent)


async def _naive(url: str, way: Way, level: int, seconds: float) -> Load:
    refusals: list[None] = []
    load = await _driven(naive_counter.clients(url, level, way, lambda: refusals.append(None)), seconds, refusals)
    await naive_counter.taken(url)
    return load


async def _message_db(url: str, level: int, seconds: float) -> Load:
    return await _driven(message_db.clients(url, level), seconds, [])


Clients = AbstractAsyncContextManager[list[Callable[[], Awaitable[int]]]]


async def _driven(opened: Clients, seconds: float, refusals: list[None]) -> Load:
    numbers: list[int] = []

    def noting(reserve: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[None]]:
        async def reserve_and_note() -> None:
            numbers.append(await reserve())

        return reserve_and_note

    async with opened as clients:
        asks = [noting(each) for each in clients]
        await drive(asks, seconds * WARM_UP_SHARE)
        refusals.clear()
        times = _times()
        before = times.seconds()
        measured = await drive(asks, seconds)
        spent = _difference(times.seconds(), before)
    first = min(numbers)
    assert sorted(numbers) == list(range(first, first + len(numbers))), "each number was given once, and none left out"
    return Load(measured, len(refusals), spent)


class _Said(Struct, frozen=True):
    latencies: list[float]
    seconds: float
    processor: float
    refused: int


async def _eventsourcing(python: Path, url: str, mode: str, level: int, seconds: float) -> Load:
    async with _eventsourcing_program(python, url, mode, level) as program:
        await _ask(program, seconds * WARM_UP_SHARE)
        times = ProcessorTimes({}, os.getpid())
        before = times.seconds()
        said = await _ask(program, seconds)
        spent = _difference(times.seconds(), before)
    # Only the program knows what its threads took: when one has ended, the system no longer says it.
    return Load(Measured(sorted(said.latencies), said.seconds), said.refused, spent | {CLIENT: said.processor})


@asynccontextmanager
async def _eventsourcing_program(
    python: Path, url: str, mode: str, level: int
) -> AsyncGenerator[asyncio.subprocess.Process]:
    command = [str(python), str(PROGRAM), mode, url, f"{level}"]
    pipe = asyncio.subprocess.PIPE
    program = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 26)
    try:
        yield program
    finally:
        assert program.stdin is not None
        program.stdin.close()  # it ends with its input
        await program.wait()


async def _ask(program: asyncio.subprocess.Process, seconds: float) -> _Said:
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(f"{seconds}\n".encode())
    line = await program.stdout.readline()
    assert line, "the program ended; what it wrote to its standard error says why"
    return msgspec.json.decode(line, type=_Said)


def _times() -> ProcessorTimes:
    return ProcessorTimes({CLIENT: os.getpid()}, os.getpid())


def _difference(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    return {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}


def _row(level: int, name: str, pairs: Sequence[tuple[Load, Load]]) -> dict[str, Cell]:
    """Medians over the rounds; the ratio is the median of the ratios of the rounds."""
    loads = [load for load, _ in pairs]
    return {
        "in flight": level,
        "who": name,
        "per s": round(median(each.measured.rate for each in loads)),
        "p50 ms": median(each.measured.milliseconds(0.5) for each in loads),
        "p99 ms": median(each.measured.milliseconds(0.99) for each in loads),
        "refused, a number": median(each.refused / each.measured.count for each in loads),
        "client us": round(median(each.microseconds(CLIENT) for each in loads)),
        "PostgreSQL us": round(median(each.microseconds(POSTGRESQL) for each in loads)),
        "writer to it": median(writer.measured.rate / each.measured.rate for each, writer in pairs),
        "promises": PROMISES[name],
    }


def _notes(place: Place, pace: Pace, missing: Sequence[str]) -> list[str]:
    return [
        "our writer: service.writer.writer.Writer over PostgresLog, clients in the same process; its row is the median "
        "of all its turns",
        "naive: SELECT .. FOR UPDATE (or NOWAIT), UPDATE, INSERT, COMMIT, or one function that does it; a connection "
        f"for each client, statements prepared, at most {naive_counter.CONNECTIONS_MAX} connections",
        "eventsourcing: its PostgreSQL recorder, a thread for each request in flight, one process; with a snapshot "
        "every 50 events, or with the aggregate in memory and one thread after the other",
        "message-db: write_message of @eventide/message-db, called as the naive function is",
        "refused: how often a client had to try again; us: microseconds of processor time for one number, of the "
        "process with the clients and of PostgreSQL; every number is checked: given once, none left out",
        *missing,
        f"{disk_of(place)}; median of {pace.rounds} rounds of {pace.seconds:g} s each, in turn; {os.cpu_count()} "
        f"processors, Python {platform.python_version()}",
    ]
