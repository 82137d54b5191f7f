"""Reservations per second on one hot series: the naive counter and the writer, in turn in one run."""

import os
import platform
from statistics import median

import asyncpg

from tests.benchmarks import naive_counter
from tests.benchmarks.hot_series import HotSeries, hot_series
from tests.benchmarks.load import Measured, drive
from tests.benchmarks.naive_counter import CONNECTIONS_MAX
from tests.benchmarks.place import Pace, Place, disk_of, sql
from tests.benchmarks.report import Cell, Report

WARM_UP_SHARE = 0.2
LEVELS = (1, 8, 64, 512)
NAIVE_LEVEL = 64
"""More clients than these never made the naive counter faster: they wait for one row."""


async def run(place: Place, pace: Pace) -> Report:
    """One row for each number of requests in flight."""
    await naive_counter.create(place.database_url)
    levels = pace.levels or LEVELS
    found: dict[int, list[tuple[Measured, Measured]]] = {level: [] for level in levels}
    async with hot_series(place.database_url) as series:
        for _ in range(pace.rounds):
            for level in levels:
                found[level].append((await _naive(place, level, pace), await _writer(series, level, pace)))
    naive_pairs = found.get(NAIVE_LEVEL, found[levels[-1]])
    rows = [_row(level, pairs, naive_pairs) for level, pairs in found.items()]
    return Report("Reservations per second on one hot series", rows, await _notes(place, pace))


async def _naive(place: Place, level: int, pace: Pace) -> Measured:
    async with naive_counter.clients(place.database_url, level) as clients:
        await drive(clients, pace.seconds * WARM_UP_SHARE)
        before = await naive_counter.taken(place.database_url)
        measured = await drive(clients, pace.seconds)
    assert await naive_counter.taken(place.database_url) == before + measured.count, "every answer is a number"
    return measured


async def _writer(series: HotSeries, level: int, pace: Pace) -> Measured:
    clients = [series.reserve] * level
    await drive(clients, pace.seconds * WARM_UP_SHARE)
    before = series.taken
    measured = await drive(clients, pace.seconds)
    assert series.taken == before + measured.count, "every answer is a number"
    return measured


def _row(
    level: int, pairs: list[tuple[Measured, Measured]], naive_pairs: list[tuple[Measured, Measured]]
) -> dict[str, Cell]:
    """Medians over the rounds; a ratio is the median of the ratios of the rounds."""
    return {
        "in flight": level,
        "naive/s": round(median(naive.rate for naive, _ in pairs)),
        "p50 ms": median(naive.milliseconds(0.5) for naive, _ in pairs),
        "p99 ms": median(naive.milliseconds(0.99) for naive, _ in pairs),
        "writer/s": round(median(writer.rate for _, writer in pairs)),
        "p50 ms ": median(writer.milliseconds(0.5) for _, writer in pairs),
        "p99 ms ": median(writer.milliseconds(0.99) for _, writer in pairs),
        "ratio": median(writer.rate / naive.rate for naive, writer in pairs),
        f"to naive at {NAIVE_LEVEL}": median(
            writer.rate / naive.rate for (_, writer), (naive, _) in zip(pairs, naive_pairs, strict=True)
        ),
    }


async def _notes(place: Place, pace: Pace) -> list[str]:
    connection = await asyncpg.connect(place.database_url)
    try:
        row = await connection.fetchrow(sql("server_settings"))
    finally:
        await connection.close()
    assert row is not None, "a SELECT without FROM returns a row"
    settings = ", ".join(f"{name} {row[name]}" for name in row.keys())  # noqa: SIM118 - iterating it gives values
    return [
        "naive: SELECT .. FOR UPDATE, UPDATE, INSERT, COMMIT; a connection for each worker, statements prepared, "
        f"at most {CONNECTIONS_MAX} connections",
        "writer: service.writer.writer.Writer over PostgresLog, each request reserves one number, "
        "clients in the same process",
        f"{disk_of(place)}; median of {pace.rounds} rounds of {pace.seconds:g} s each, interleaved; {settings}; "
        f"{os.cpu_count()} processors, Python {platform.python_version()}",
    ]
