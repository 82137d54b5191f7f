"""While a batch is being committed the writer decides the next one, on what this one will leave."""

import asyncio
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from schemas.commands import Command
from schemas.outcomes import ReservedOutcome
from schemas.rejections import Rejection, SeriesUnknown
from schemas.values import CommandId, Position, SeriesId
from service.log.event_log import Batch, LogBrokenError, LogFaultError, LogUnavailableError, StalePositionError
from service.log.memory_log import MemoryLog
from service.writer.batch import plan_batch
from service.writer.request import Answered, Waiting
from service.writer.writer import TOGETHER_MIN, Writer
from tests.support.domain.commands import NOW, SERIES, a_request, a_reservation_of
from tests.support.domain.writers import checked, open_and_lock, running, until_queued

OTHER = SeriesId("no_series")


class GatedLog(MemoryLog):
    """A log that keeps appends waiting behind a gate, and may refuse the first one that waited there."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.fault: LogFaultError | None = None
        self.is_asked = asyncio.Event()
        self.sizes: list[int] = []

    async def append(self, expected: Position, batch: Batch) -> None:
        """Append once the gate is open."""
        self.is_asked.set()
        await self.gate.wait()
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        await super().append(expected, batch)
        self.sizes.append(len(batch.records))

    def shut(self) -> None:
        """Let the next append wait."""
        self.gate.clear()
        self.is_asked.clear()


Answers = list[asyncio.Task[Answered | Rejection]]


def asked(writer: Writer, count: int, series_id: SeriesId = SERIES) -> Answers:
    """So many callers, each of whom reserves one number."""
    command = replace(a_reservation_of(1), series_id=series_id)
    return [asyncio.create_task(writer.submit(a_request(command))) for _ in range(count)]


def numbers(results: Sequence[Answered | Rejection | BaseException]) -> list[int]:
    """The numbers that were given."""
    return [
        one.outcome.first for one in results if isinstance(one, Answered) and isinstance(one.outcome, ReservedOutcome)
    ]


async def test_nobody_is_told_what_was_decided_ahead_before_it_is_in_the_log() -> None:
    log = GatedLog()
    async with running(log) as writer:
        await open_and_lock(writer)
        log.shut()
        first = asked(writer, 1)
        await log.is_asked.wait()
        ahead = [*asked(writer, TOGETHER_MIN), *asked(writer, 1, OTHER)]
        await until_queued(writer, 0)
        assert not any(answer.done() for answer in (*first, *ahead))
        assert writer.known.state.position == 2
        log.gate.set()
        results = await asyncio.gather(*first, *ahead)
    assert numbers(results) == list(range(1, TOGETHER_MIN + 2))
    assert results[-1] == SeriesUnknown(OTHER)
    assert log.sizes == [1, 1, 1, TOGETHER_MIN]
    await checked(log, [one for one in results if isinstance(one, Answered)])


@pytest.mark.parametrize(
    ("fault", "given"),
    [
        pytest.param(LogUnavailableError("away"), range(1, TOGETHER_MIN + 1), id="unavailable"),
        pytest.param(StalePositionError(Position(2)), range(1, TOGETHER_MIN + 2), id="stale"),
        pytest.param(LogBrokenError("poison"), range(1, TOGETHER_MIN + 1), id="broken"),
    ],
)
async def test_what_was_decided_on_a_batch_that_fails_is_decided_again(fault: LogFaultError, given: range) -> None:
    log = GatedLog()
    async with running(log) as writer:
        await open_and_lock(writer)
        log.shut()
        first = asked(writer, 1)
        await log.is_asked.wait()
        ahead = asked(writer, TOGETHER_MIN)
        await until_queued(writer, 0)
        log.fault = fault
        log.gate.set()
        results = await asyncio.gather(*first, *ahead, return_exceptions=True)
    assert numbers(results) == list(given)
    await checked(log, [one for one in results if isinstance(one, Answered)])


async def test_nothing_more_is_decided_ahead_once_a_reader_has_moved_the_state() -> None:
    log = GatedLog()
    async with running(log) as writer, running(log) as other:
        await open_and_lock(writer)
        await other.known.read()
        log.shut()
        first = asked(writer, 1)
        await log.is_asked.wait()
        async with log.hold() as held:  # another process writes
            plan = plan_batch(other.known.state, [a_waiting(a_reservation_of(7))], NOW)
            await held.append(Position(2), plan.batch)
        await writer.known.read()
        ahead = asked(writer, TOGETHER_MIN)
        await asyncio.sleep(0)
        log.gate.set()
        results = await asyncio.gather(*first, *ahead)
    assert numbers(results) == list(range(8, TOGETHER_MIN + 9))
    await checked(log, [one for one in results if isinstance(one, Answered)])


def a_waiting(command: Command) -> Waiting:
    """A request that nobody waits for."""
    return Waiting(a_request(command), CommandId("other"), asyncio.get_running_loop().create_future(), 0.0)
