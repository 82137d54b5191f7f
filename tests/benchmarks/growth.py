"""What grows with the log: the same work beside little and beside much, in processor time, as a ratio.

Little here waits for a server, and only processor time counts, so the figures hold on a busy machine too.
"""

import time
from collections.abc import Callable, Iterable
from typing import Final

from schemas.commands import Caller, Command
from schemas.record import Record
from schemas.rejections import FormatTaken
from schemas.values import DEFAULT_LOG, CommandId, Number, Position, SeriesId, UnixSeconds
from service.core.evolve import evolve
from service.core.prepare import Cause, Prepared, prepare
from service.core.state.encoded_state import decode_state, encode_state
from service.core.state.state import empty_state
from service.log.memory_log import MemoryLog
from service.writer.known_state import KnownState
from service.writer.sweeper import Sweeper
from service.writer.writer import Writer
from tests.benchmarks.growth_of_reads import start_of_empty, steps
from tests.benchmarks.place import FULL, Pace, Place
from tests.benchmarks.report import Cell, Report
from tests.support.domain.commands import (
    FIRM,
    NOW,
    SERIES,
    a_device,
    a_document,
    a_key,
    a_lock,
    a_release,
    a_reservation_of,
    a_series,
    a_slot,
    a_void,
    an_issue,
)

BLOCK: Final = 50
REPEATS: Final = 200


class Books:
    """A log without a store, quickly grown."""

    def __init__(self) -> None:
        self.state = empty_state(DEFAULT_LOG)
        self.records: list[Record] = []

    def do(self, command: Command, caller: Caller | None = None) -> None:
        """Decide a command, which must be taken."""
        cause = Cause(caller or a_device(), CommandId(f"{len(self.records)}"), None)
        prepared = prepare(self.state, command, cause, NOW)
        assert isinstance(prepared, Prepared), prepared
        self.records.extend(prepared.records)


async def run(place: Place, pace: Pace) -> Report:
    """Beside 1,000 and 10,000, or 10,000 and 100,000 at full pace, or next to none if nothing is measured."""
    small, large = (10_000, 100_000) if pace.seconds >= FULL.seconds else (1_000, 10_000) if pace.seconds else (20, 60)
    rows = [*_of_series(small, large), _of_endings(large), await _of_sweeps(small, large)]
    few, many = (10_000, 1_000_000) if pace.seconds >= FULL.seconds else (2_000, 20_000) if pace.seconds else (60, 150)
    rows += await _of_reads(place, few, many)
    return Report(
        "What grows: processor time of one step beside little and beside much",
        rows,
        ("every step is the median of three; `ratio` is large to small, `more us` large without small",),
    )


async def _of_reads(place: Place, few: int, many: int) -> list[dict[str, Cell]]:
    """What is read; in the last row but one, the ratio is what catching up reaches of a raw read, beside many."""
    small, large = [await steps(place, each, each // 50) for each in (few, many)]
    empty = await start_of_empty(place)
    catching_up, raw, *reads = zip(small, large, strict=True)
    rows = [_row(each.name, few, many, each.microseconds, much.microseconds) for each, much in (catching_up, *reads)]
    return [
        *rows,
        _row("catching up, an event; raw read, an event", many, many, catching_up[1].microseconds, raw[1].microseconds),
        _row(f"{empty.name}, to an empty log", 0, many, empty.microseconds, reads[-1][1].microseconds),
    ]


def _of_series(small: int, large: int) -> list[dict[str, Cell]]:
    few, many = _opened(small), _opened(large)
    return [
        _row("fold, an event, by series of one firm", small, large, *(_folding(each) for each in (few, many))),
        _row("list of series, a series", small, large, *(_listing(each) for each in (few, many))),
        _row("snapshot to state, a series", small, large, *(_decoding(each) for each in (few, many))),
        _row("opening one more", small, large, *(_opening(each) for each in (few, many))),
    ]


def _opened(count: int) -> Books:
    books = Books()
    for index in range(count):
        books.do(a_series(SeriesId(f"series{index}"), f"S{index}"), a_key())
    return books


def _folding(books: Books) -> float:
    def fold() -> None:
        state = empty_state(DEFAULT_LOG)
        for record in books.records:
            evolve(state, record)

    return _microseconds(fold) / len(books.records)


def _listing(books: Books) -> float:
    return _microseconds(lambda: books.state.series_of(FIRM, a_key().mode)) / len(books.records)


def _decoding(books: Books) -> float:
    encoded = encode_state(books.state)
    return _microseconds(lambda: decode_state(encoded)) / len(books.records)


def _opening(books: Books) -> float:
    def open_one() -> None:
        for index in range(REPEATS):
            prepared = prepare(
                books.state.layer(), a_series(SeriesId("new"), f"N{index}"), Cause(a_key(), CommandId("c"), None), NOW
            )
            assert not isinstance(prepared, FormatTaken)

    return _microseconds(open_one) / REPEATS


def _of_endings(large: int) -> dict[str, Cell]:
    return _row("void, by numbers that ended apart", 0, large, *(_voiding(_scattered(each)) for each in (0, large)))


def _scattered(endings: int) -> Books:
    """A series in which every other of the first numbers was released, and then as many documents as are voided."""
    books = Books()
    books.do(a_series(), a_key())
    books.do(a_lock())
    for first in range(1, 2 * endings, BLOCK):
        books.do(a_reservation_of(BLOCK))
        reservation = Position(len(books.records))
        for number in range(first, first + BLOCK, 2):
            books.do(a_release(a_slot(number, reservation)))
    for index in range(3 * REPEATS):
        books.do(an_issue(a_document(f"inv_{index}")))
    return books


def _voiding(books: Books) -> float:
    numbers: Iterable[int] = iter(range(books.state.series[SERIES].next_number - 1, 0, -1))
    names = iter(range(3 * REPEATS - 1, -1, -1))

    def void_some() -> None:
        for _, number, name in zip(range(REPEATS), numbers, names, strict=False):
            books.do(a_void(Number(number), f"inv_{name}"))

    return _microseconds(void_some) / REPEATS


async def _of_sweeps(small: int, large: int) -> dict[str, Cell]:
    return _row("sweep with nothing overdue, by blocks", small, large, *[await _sweeping(n) for n in (small, large)])


async def _sweeping(blocks: int) -> float:
    books = Books()
    books.do(a_series(), a_key())
    books.do(a_lock())
    for _ in range(blocks):
        books.do(a_reservation_of(1))
    log = MemoryLog()
    writer = Writer(log, clock=lambda: NOW)
    sweeper = Sweeper(KnownState(log, books.state), writer, clock=lambda: UnixSeconds(NOW + 1), period_seconds=1)
    await sweeper.sweep()
    before = time.process_time()
    for _ in range(REPEATS):
        assert await sweeper.sweep() == 0
    return (time.process_time() - before) / REPEATS * 1e6


def _microseconds(step: Callable[[], object]) -> float:
    taken: list[float] = []
    for _ in range(3):
        before = time.process_time()
        step()
        taken.append((time.process_time() - before) * 1e6)
    return sorted(taken)[1]


def _row(what: str, small: int, large: int, beside_little: float, beside_much: float) -> dict[str, Cell]:
    return {
        "step": what,
        "small": small,
        "large": large,
        "us small": beside_little,
        "us large": beside_much,
        "more us": beside_much - beside_little,
        "ratio": beside_much / max(beside_little, 1e-3),
    }
