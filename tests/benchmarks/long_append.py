"""Appending to a log that is long and to one that is not, in turn: what an event takes then."""

import os
import platform
import shutil
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final, NamedTuple

import asyncpg

from schemas.values import Position
from service.log.event_log import Batch
from service.log.postgres_log import PostgresLog
from tests.benchmarks.long_log import fill_at_once, record_at
from tests.benchmarks.place import FULL, Pace, Place, disk_of, fresh, sql
from tests.benchmarks.processor_time import ProcessorTimes
from tests.benchmarks.report import Cell, Report

BATCH: Final = 64
BATCHES: Final = 400
BATCHES_TINY: Final = 2
BYTES_AN_EVENT: Final = 2_500
"""On disk, with indexes and the write-ahead log: more than was seen."""

CLIENT: Final = "client"


class Load(NamedTuple):
    """One measurement: events a second, and microseconds of processor time an event, of PostgreSQL and of ours."""

    rate: float
    postgres: float
    client: float


class LongLog:
    """A log of so many events, to which is appended."""

    def __init__(self, place: Place, log: PostgresLog, events: int) -> None:
        self._place = place
        self._log = log
        self._head = events

    async def append(self, batches: int) -> Load:
        """Append so many batches of BATCH events, one after the other."""
        wanted = [self._batch(self._head + each * BATCH) for each in range(batches)]
        await self._append(wanted[:1])
        times = ProcessorTimes({CLIENT: os.getpid(), **await self._sessions()}, os.getpid())
        before, started = times.seconds(), perf_counter()
        await self._append(wanted[1:])
        taken, after = perf_counter() - started, times.seconds()
        events = (batches - 1) * BATCH
        spent = {name: (after[name] - before[name]) / events * 1e6 for name in before}
        theirs = sum(each for name, each in spent.items() if name.isdigit())
        return Load(events / taken, theirs, spent[CLIENT])

    async def megabytes(self) -> int:
        """The size of the database."""
        connection = await asyncpg.connect(self._place.database_url)
        try:
            return int(await connection.fetchval(sql("size_of_database"))) // 1_000_000
        finally:
            await connection.close()

    async def _append(self, batches: list[Batch]) -> None:
        for each in batches:
            await self._log.append(Position(self._head), each)
            self._head += len(each.records)

    def _batch(self, head: int) -> Batch:
        return Batch([record_at(Position(head + 1 + each)) for each in range(BATCH)])

    async def _sessions(self) -> dict[str, int]:
        """The processes of PostgreSQL that work for the log; those that clean up after it was filled do not count."""
        connection = await asyncpg.connect(self._place.database_url)
        try:
            return {f"{row['pid']}": row["pid"] for row in await connection.fetch(sql("sessions_of_database"))}
        finally:
            await connection.close()


async def run(place: Place, pace: Pace) -> Report:
    """100,000 and 10,000,000 events; fewer if it is quick."""
    few, many = (100_000, 10_000_000) if pace.seconds >= FULL.seconds else (1_000, 20_000)
    free = shutil.disk_usage(Path(tempfile.gettempdir())).free
    assert free > many * BYTES_AN_EVENT, f"{many:,} events need {many * BYTES_AN_EVENT / 1e9:.0f} GB of free disk"
    found: dict[int, list[Load]] = {few: [], many: []}
    async with AsyncExitStack() as stack:
        logs = {events: await _filled(place, events, stack) for events in found}
        for turn in range(pace.rounds):
            for events in (few, many) if turn % 2 == 0 else (many, few):
                found[events].append(await logs[events].append(BATCHES if pace.seconds else BATCHES_TINY))
        megabytes = {events: await log.megabytes() for events, log in logs.items()}
    rows = [_row(events, loads, found[few], megabytes[events]) for events, loads in found.items()]
    return Report("Appending to a long log", rows, _notes(place, pace))


async def _filled(place: Place, events: int, stack: AsyncExitStack) -> LongLog:
    own = await stack.enter_async_context(fresh(place))
    await fill_at_once(own.database_url, events)
    log = await PostgresLog.open(own.database_url)
    stack.push_async_callback(log.close)
    return LongLog(own, log, events)


def _row(events: int, loads: list[Load], small: list[Load], megabytes: int) -> dict[str, Cell]:
    """Medians over the rounds; the ratio is the median of the ratios of the rounds."""
    return {
        "events in the log": events,
        "MB": megabytes,
        "appended/s": round(median(each.rate for each in loads)),
        "PostgreSQL us": median(each.postgres for each in loads),
        "client us": median(each.client for each in loads),
        "rate to the short log": median(each.rate / other.rate for each, other in zip(loads, small, strict=True)),
        "PostgreSQL us to it": median(
            each.postgres / max(other.postgres, 1e-3) for each, other in zip(loads, small, strict=True)
        ),
    }


def _notes(place: Place, pace: Pace) -> list[str]:
    return [
        f"service.log.postgres_log.PostgresLog appends batches of {BATCH} events of 64 series: reservations, documents "
        "with them, releases; the log before has the same ones",
        f"{disk_of(place)}; median of {pace.rounds} rounds of {BATCHES} batches each, in turn; {os.cpu_count()} "
        f"processors, Python {platform.python_version()}",
    ]
