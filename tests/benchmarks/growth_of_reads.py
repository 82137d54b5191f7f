"""What is read beside few and beside many documents of one firm: lists, searches, reports, a start."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from statistics import median
from types import MappingProxyType
from typing import Any, Final

import asyncpg
from msgspec import Struct
from msgspec.structs import replace

from projections.keeping.connections import connected
from projections.keeping.log_reading import read_between
from projections.keeping.runner import BATCH_SIZE, ProjectionRunner
from projections.reports.gap_report import kept_gap_report
from projections.reports.invoice_list import InvoicesWanted, kept_invoice_list
from projections.reports.number_register import RangesWanted, kept_number_register
from schemas.values import DEFAULT_LOG, IsoDate, Mode, Number, Position, SeriesId
from service.log.postgres_log import PostgresLog
from service.log.snapshots import keep
from service.writer.known_state import KnownState
from tests.benchmarks.many_documents import FIRM, RARE_CLIENT, SERIES, fill
from tests.benchmarks.place import Place, fresh
from tests.benchmarks.processor_time import POSTGRESQL, ProcessorTimes

ROUNDS: Final = 5
LOOK_SECONDS: Final = 0.005

_EVERYTHING: Final = InvoicesWanted(firm_id=FIRM, mode=Mode.LIVE, today=IsoDate("2027-06-01"))

LISTS: Final[Mapping[str, InvoicesWanted]] = MappingProxyType(
    {
        "first page and totals": _EVERYTHING,
        "page of one status": replace(_EVERYTHING, status="overdue"),
        "page sorted by total": replace(_EVERYTHING, sort="total"),
        "page of one old week": replace(
            _EVERYTHING, start_date=IsoDate("2024-02-01"), end_date=IsoDate("2024-02-07"), per_page=5
        ),
        "page 100": replace(_EVERYTHING, page=100, per_page=10),
        "search for twenty documents": replace(_EVERYTHING, search=RARE_CLIENT),
    }
)


class Step(Struct, frozen=True):
    """The processor time of one step, ours and PostgreSQL's, in microseconds."""

    name: str
    microseconds: float


async def steps(place: Place, documents: int, gaps: int) -> list[Step]:
    """The steps beside this number of documents and gaps."""
    async with fresh(place) as own:
        head = await fill(own.database_url, documents, gaps)
        clock = _Clock()
        async with connected(own.database_url) as connection:
            raw = await clock.of(lambda: _read_all(connection, head))
        filled = await _filling(own.database_url, head, clock)
        found = [Step("catching up, an event", filled / head), Step("raw read with decoding, an event", raw / head)]
        connection = await asyncpg.connect(own.database_url, server_settings={"role": "numbering_reader"})
        try:
            for name, wanted in LISTS.items():
                found.append(Step(name, await _often(clock, lambda each=wanted: _list(connection, each))))  # type: ignore[misc]
            for name, after in (("first page", 0), ("page among the gaps", documents // SERIES + gaps)):
                wanted_numbers = RangesWanted(series_id=SeriesId("series0"), after=Number(after))
                took = await _often(clock, lambda each=wanted_numbers: _register(connection, each))  # type: ignore[misc]
                found.append(Step(f"register, {name}", took))
            found.append(Step("gap report, a gap", await _often(clock, lambda: _report(connection)) / max(gaps, 1)))
            found.append(Step("gap report, longest hold of the event loop", await _longest_hold(_report(connection))))
        finally:
            await connection.close()
        found.append(Step("start after a clean stop", await _start(own.database_url, clock)))
    return found


class _Clock:
    def __init__(self) -> None:
        self._times = ProcessorTimes({}, os.getpid())

    async def of(self, step: Callable[[], Awaitable[object]]) -> float:
        """Microseconds of this process and of those sessions of PostgreSQL that outlive the step."""
        theirs, ours = self._theirs(), time.process_time()  # in this order: to look at the others takes time of ours
        await step()
        return (time.process_time() - ours + self._theirs() - theirs) * 1e6

    def _theirs(self) -> float:
        return self._times.seconds().get(POSTGRESQL, 0.0)


async def _often(clock: _Clock, step: Callable[[], Awaitable[object]]) -> float:
    await step()
    return median([await clock.of(step) for _ in range(ROUNDS)])


async def _read_all(connection: asyncpg.Connection, head: Position) -> None:
    """Read and decode every event."""
    for after in range(0, head, BATCH_SIZE):
        await read_between(connection, DEFAULT_LOG, Position(after), Position(min(after + BATCH_SIZE, head)))


async def _filling(database_url: str, head: Position, clock: _Clock) -> float:
    """Microseconds in which all projections, their indexes included, come from nothing to the head."""
    runner = ProjectionRunner(database_url)
    running = asyncio.create_task(runner.run())

    async def reach() -> None:
        while min(runner.positions().values()) < head:
            assert not runner.stopped(), runner.stopped()
            await asyncio.sleep(LOOK_SECONDS)

    try:
        return await clock.of(reach)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def _list(connection: asyncpg.Connection, wanted: InvoicesWanted) -> None:
    page = await kept_invoice_list(connection, wanted)
    assert page is not None
    assert page.rows or page.total <= wanted.per_page * (wanted.page - 1)


async def _register(connection: asyncpg.Connection, wanted: RangesWanted) -> None:
    found = await kept_number_register(connection, wanted)
    assert found is not None
    assert found.data


async def _report(connection: asyncpg.Connection) -> None:
    assert await kept_gap_report(connection, SeriesId("series0")) is not None


async def _longest_hold(work: Awaitable[object]) -> float:
    """The longest time of the processor, in microseconds, that others waited for the event loop during the work."""
    longest, is_over = 0.0, False

    async def watch() -> None:
        nonlocal longest
        while not is_over:
            before = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)

    watching = asyncio.create_task(watch())
    await work
    is_over = True
    await watching
    return longest * 1e6


async def start_of_empty(place: Place) -> Step:
    """The same of a log without events: what every start takes."""
    async with fresh(place) as own:
        return Step("start after a clean stop", await _start(own.database_url, _Clock()))


async def _start(database_url: str, clock: _Clock) -> float:
    """Microseconds until a process knows the state, after another one stopped and left its snapshot."""
    log: Any = await PostgresLog.open(database_url)
    try:
        stopped = KnownState(log)
        await keep(log, await stopped.read())
        del stopped
        return await clock.of(lambda: KnownState(log).read())
    finally:
        await log.close()
