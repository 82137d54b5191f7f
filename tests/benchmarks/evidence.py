"""What the evidence costs: sealing, a writer beside a sealer, exporting a bundle, and verifying it."""

import asyncio
import os
import subprocess
import sys
import zipfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Final

import asyncpg
from msgspec.structs import replace

from schemas.events import SeriesOpened
from schemas.record import StoredRecord, encode_record
from schemas.values import FirmId, Position
from service.evidence.key_file import create, load
from service.evidence.sealing.last_view import LastView
from service.evidence.sealing.sealer import Sealer
from service.evidence.sealing.store import EvidenceStore
from service.evidence.verifying.verify import Key, parse_key, verify
from service.log.event_log import Batch
from service.log.postgres_log import PostgresLog
from tests.benchmarks.hot_series import hot_series
from tests.benchmarks.load import drive
from tests.benchmarks.long_log import BATCH, record_at
from tests.benchmarks.place import Pace, Place, disk_of, fresh
from tests.benchmarks.processes import process
from tests.benchmarks.processor_time import ProcessorTimes
from tests.benchmarks.report import Cell, Report
from tests.support.servers.directories import traversable_directory

EVENTS: Final = {0.0: (1_000,), 0.5: (20_000,)}
EVENTS_FULL: Final = (20_000, 200_000)
IN_FLIGHT: Final = 512
FIRM: Final = FirmId("firm_0")

CAUGHT_UP: Final = "SELECT t.size = h.position FROM evidence.tree AS t JOIN log.head AS h ON t.log_id = h.log_id"
LOOK_SECONDS: Final = 0.05

Row = dict[str, Cell]


async def run(place: Place, pace: Pace) -> Report:
    """A row for each figure, at each number of events: `--level` names others than the usual ones."""
    sizes = pace.levels if pace.seconds and pace.levels else EVENTS.get(pace.seconds, EVENTS_FULL)
    rows: list[Row] = []
    smallest = 0.0
    with traversable_directory() as directory:
        create(directory / "evidence.json", "bench.example.com")
        rows += await _beside(place, directory, pace)
        for events in sizes:
            async with fresh(place) as emptied:
                found, peak = await _of(emptied, directory, events, pace.rounds)
            smallest = smallest or peak
            rows += [*found, _row("export, peak MiB; to the smallest", events, peak, smallest, peak / (smallest or 1))]
    return Report("What the evidence costs", rows, _notes(place, pace))


async def _of(place: Place, directory: Path, events: int, rounds: int) -> tuple[list[Row], float]:
    """Sealing, exporting and verifying a log of one firm; the rows, and the most memory that the export took."""
    log = await PostgresLog.open(place.database_url)
    connection = await asyncpg.connect(place.database_url)
    try:
        await connection.execute("INSERT INTO access.firm (firm_id, name) VALUES ($1, $1)", FIRM)
        append = _Measured()
        for first in range(1, events + 1, BATCH):
            batch = Batch(_records(first, min(first + BATCH, events + 1)))
            with _measured(append):
                await log.append(Position(first - 1), batch)
        view = LastView(directory / f"last-{events}", log.log_id)
        store, keys = EvidenceStore(log.pool, log.log_id), load(directory / "evidence.json")
        with _measured() as seal:
            await Sealer(log, store, keys, view, clock=lambda: record_at(Position(1)).record.at).turn()
        assert await store.tree_size() == events, "all of it is sealed"
    finally:
        await connection.close()
        await log.close()
    target = directory / f"bundle-{events}.zip"
    peak = await _export(place, directory, target)
    checked = [parse_key(str(key)) for key in keys.verifier_keys(log.log_id)]
    verified = [_verified(target, checked, events) for _ in range(rounds)]
    bare, own = median(each for each, _ in verified), median(each for _, each in verified)
    target.unlink()
    return [
        _row("sealing to appending, events/s", events, events / seal.seconds, events / append.seconds),
        _row(
            "the same, processor us an event",
            events,
            seal.busy / events * 1e6,
            append.busy / events * 1e6,
            append.busy / seal.busy,
        ),
        _row("verifying to a bare SHA-256, events/s", events, events / own, events / bare),
    ], peak


async def _beside(place: Place, directory: Path, pace: Pace) -> list[Row]:
    """The writer beside a process that seals, in turn with the writer alone; rates and processor time."""
    rates: dict[bool, list[float]] = {False: [], True: []}
    busy: dict[bool, list[float]] = {False: [], True: []}
    async with fresh(place) as emptied, hot_series(emptied.database_url) as series:
        for _ in range(pace.rounds):
            for is_sealing in (False, True):
                async with _sealing(emptied, directory, is_wanted=is_sealing):
                    clients = [series.reserve] * (IN_FLIGHT if pace.seconds else 8)
                    await drive(clients, pace.seconds)
                    with _measured() as measured:
                        done = await drive(clients, pace.seconds)
                    rates[is_sealing].append(done.rate)
                    busy[is_sealing].append(measured.busy / max(done.count, 1) * 1e6)
    on, off = median(rates[True]), median(rates[False])
    busy_on, busy_off = median(busy[True]), median(busy[False])
    return [
        _row("writer beside a sealer to alone, reservations/s", 0, on, off),
        _row("the same, processor us of writer and PostgreSQL", 0, busy_on, busy_off, busy_off / max(busy_on, 1e-9)),
    ]


@asynccontextmanager
async def _sealing(place: Place, directory: Path, *, is_wanted: bool) -> AsyncGenerator[None]:
    """A process that seals, once it has caught up: its start takes a second or two of a processor."""
    if not is_wanted:
        yield
        return
    with process("service", "seal", DATABASE_URL=place.database_url, DATA_DIR=str(directory)):
        connection = await asyncpg.connect(place.database_url)
        try:
            while not await connection.fetchval(CAUGHT_UP):
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await connection.close()
        yield


class _Measured:
    """The seconds by the clock, and of processors, that a block took."""

    seconds = 0.0
    busy = 0.0


@contextmanager
def _measured(so_far: _Measured | None = None) -> Generator[_Measured]:
    """Measure the block, and add it to what was measured so far."""
    found = so_far or _Measured()
    times = ProcessorTimes({"here": os.getpid()}, os.getpid())
    busy, started = sum(times.seconds().values()), perf_counter()
    yield found
    found.seconds += perf_counter() - started
    found.busy += sum(times.seconds().values()) - busy


async def _export(place: Place, directory: Path, target: Path) -> float:
    """Write the bundle in a process of its own; the most memory that it had, in MiB."""
    command = [sys.executable, "-m", "service", "audit", "export", "--firm", FIRM, "--out", str(target)]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBERING_")}
    settings = {"NUMBERING_DATABASE_URL": place.database_url, "NUMBERING_DATA_DIR": str(directory)}
    # Linux counts what the process that started it had as its own, but for this mark, which is of its memory alone.
    started = subprocess.Popen(command, env=inherited | settings, stdout=subprocess.DEVNULL)
    peak = 0.0
    while started.poll() is None:
        peak = max(peak, _high_mark(started.pid))
        await asyncio.sleep(LOOK_SECONDS)
    assert started.returncode == 0, "the bundle was written"
    return peak


def _high_mark(pid: int) -> float:
    """The most memory that a process had so far, in MiB; 0 where the system does not say."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _verified(target: Path, keys: list[Key], events: int) -> tuple[float, float]:
    """The processor time of a bare SHA-256 over each event of the bundle, and of verifying the bundle."""
    started = process_time()
    count = 0
    with zipfile.ZipFile(target) as file, file.open("events.jsonl") as lines:
        for line in lines:
            sha256(line).digest()
            count += 1
    bare = process_time() - started
    assert count == events
    started = process_time()
    fault = verify(target, keys, []).fault
    assert fault is None, fault
    return bare, process_time() - started


def _records(first: int, end: int) -> list[StoredRecord]:
    """Events of one firm, whose documents show the numbers as the formats of their series say."""
    found: list[StoredRecord] = []
    for each in range(first, end):
        record = replace(record_at(Position(each)).record, firm_id=FIRM)
        if isinstance(record.event, SeriesOpened):
            record = replace(record, event=replace(record.event, format=f"{record.series_name}-{{number}}"))
        found.append(StoredRecord(record, encode_record(record)))
    return found


def _row(what: str, events: int, figure: float, baseline: float, ratio: float | None = None) -> Row:
    found = figure / baseline if ratio is None and baseline else ratio
    return {"what": what, "events": events, "figure": figure, "baseline": baseline, "ratio": found or 0.0}


def _notes(place: Place, pace: Pace) -> list[str]:
    return [
        f"sealing: one turn of service.evidence.sealing.sealer.Sealer; appending: bare batches of {BATCH:,}",
        "verifying: verify.py; bare: the same bytes unpacked, cut into lines, and each hashed; both in processor time",
        "writer: as `writer` measures it, in turn with and without `numbering seal` as a process of its own",
        f"{disk_of(place)}; median of {pace.rounds} rounds; {os.cpu_count()} processors",
    ]
