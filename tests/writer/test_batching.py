"""The queue and the batches: commands that wait together are written together, and none waits for ever."""

import asyncio

import pytest

from schemas.outcomes import ReservedOutcome
from schemas.record import Record
from schemas.rejections import SeriesUnknown
from schemas.values import Position
from service.log.event_log import Batch, LogBrokenError, LogHaltedError, LogUnavailableError
from service.log.memory_log import MemoryLog
from service.writer.batch import Plan
from service.writer.queue import WriterBusyError
from service.writer.request import Answered, Submission
from service.writer.writer import Limits, OutcomeUnknownError, Writer
from tests.support.domain.commands import (
    NOW,
    SERIES,
    a_content,
    a_device,
    a_document,
    a_key,
    a_lock,
    a_request,
    a_reservation_of,
    a_series,
    an_issue,
)
from tests.support.domain.writers import checked, do, open_and_lock, running, together, until_queued

HASTY = Limits(wait_seconds_max=0.05)


class SlowLog(MemoryLog):
    """A log that answers a write when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.is_answering = asyncio.Event()
        self.is_asked = asyncio.Event()

    async def append(self, expected: Position, batch: Batch) -> None:
        """Append when the test says so."""
        self.is_asked.set()
        await self.is_answering.wait()
        await super().append(expected, batch)


async def test_what_arrives_while_a_batch_is_written_is_the_next_batch(memory_log: MemoryLog) -> None:
    """Many that wait are two batches: the second one is decided while the first one is being committed."""
    appended: list[Plan] = []
    async with running(memory_log, on_append=appended.append) as writer:
        await open_and_lock(writer)
        answers = await together([writer.submit(a_request(a_reservation_of(2))) for _ in range(300)])
    assert [(len(one.results), len(one.batch.records)) for one in appended] == [(1, 1), (1, 1), (150, 150), (150, 150)]
    assert appended[-1].state.position == 302
    await checked(memory_log, answers)


async def test_answers_come_in_the_order_of_arrival(memory_log: MemoryLog) -> None:
    async with running(memory_log) as writer:
        await open_and_lock(writer)
        answers = await together([writer.submit(a_request(a_reservation_of(1))) for _ in range(50)])
    firsts = [answer.outcome.first for answer in answers if isinstance(answer.outcome, ReservedOutcome)]
    assert firsts == list(range(1, 51))


async def test_a_batch_has_a_bound_of_commands_and_one_of_bytes(memory_log: MemoryLog) -> None:
    sizes: list[int] = []
    limits = Limits(batch_max=4, batch_bytes_max=100)
    async with running(memory_log, limits=limits, on_append=lambda one: sizes.append(len(one.results))) as writer:
        await open_and_lock(writer)
        await together([writer.submit(a_request(a_reservation_of(1))) for _ in range(9)])
        await together([writer.submit(_an_issue_with(number, 60)) for number in range(3)])
        await together([writer.submit(_an_issue_with(9, 5_000))])
    assert sizes[2:] == [4, 4, 1, 1, 1, 1, 1]


def _an_issue_with(number: int, size: int) -> Submission:
    content = a_content(b"x" * size, number.to_bytes(16, "big"))
    return Submission(an_issue(a_document(f"inv_{number}")), a_device(), content)


async def test_commands_of_one_batch_see_what_the_ones_before_them_did(memory_log: MemoryLog) -> None:
    async with running(memory_log) as writer:
        answers = await asyncio.gather(
            writer.submit(a_request(a_reservation_of(1))),
            writer.submit(a_request(a_series(), a_key())),
            writer.submit(a_request(a_lock())),
            writer.submit(a_request(a_reservation_of(3))),
        )
    assert answers[0] == SeriesUnknown(SERIES)
    assert all(isinstance(answer, Answered) for answer in answers[1:])
    await checked(memory_log)


async def test_a_full_queue_refuses_at_once_and_does_nothing(memory_log: MemoryLog) -> None:
    writer = Writer(memory_log, clock=lambda: NOW, limits=Limits(queue_max=2))
    waiting = [asyncio.create_task(writer.submit(a_request(a_series(), a_key()))) for _ in range(2)]
    await until_queued(writer, 2)
    with pytest.raises(WriterBusyError):
        await writer.submit(a_request(a_series(), a_key()))
    for task in waiting:
        task.cancel()


async def test_a_queue_full_of_large_documents_refuses_until_they_are_written() -> None:
    log = SlowLog()
    async with running(log, limits=Limits(queue_bytes_max=100)) as writer:
        first = asyncio.create_task(writer.submit(a_request(a_series(is_primary=True), a_key())))
        await log.is_asked.wait()
        large = [asyncio.create_task(writer.submit(_an_issue_with(number, 60))) for number in range(2)]
        await until_queued(writer, 2)
        with pytest.raises(WriterBusyError, match="120 bytes"):
            await writer.submit(_an_issue_with(3, 1))
        log.is_answering.set()
        await asyncio.gather(first, *large)
        assert isinstance(await writer.submit(_an_issue_with(4, 1)), Answered)


async def test_a_command_whose_caller_hung_up_before_it_was_decided_is_not_written() -> None:
    log = SlowLog()
    async with running(log) as writer:
        first = asyncio.create_task(writer.submit(a_request(a_series(), a_key())))
        await log.is_asked.wait()
        gone = asyncio.create_task(writer.submit(a_request(a_lock())))
        await until_queued(writer, 1)
        gone.cancel()
        log.is_answering.set()
        await first
        assert (await writer.known.read()).series[SERIES].lock is None


async def test_an_append_that_takes_too_long_has_an_unknown_outcome_and_what_waits_behind_it_has_none() -> None:
    log = SlowLog()
    async with running(log, limits=HASTY) as writer:
        first = asyncio.create_task(writer.submit(a_request(a_series(), a_key())))
        await log.is_asked.wait()
        second = asyncio.create_task(writer.submit(a_request(a_lock())))
        with pytest.raises(OutcomeUnknownError):
            await first
        with pytest.raises(LogUnavailableError):
            await second
        log.is_answering.set()
        await do(writer, a_lock())
    assert (await checked(log)).series[SERIES].version == 2


async def test_a_writer_that_stops_answers_everything_it_was_asked_and_refuses_more() -> None:
    log = SlowLog()
    async with running(log) as writer:
        taken = asyncio.create_task(writer.submit(a_request(a_series(), a_key())))
        await log.is_asked.wait()
        queued = asyncio.create_task(writer.submit(a_request(a_lock())))
        await until_queued(writer, 1)
    with pytest.raises(OutcomeUnknownError):
        await taken
    with pytest.raises(LogUnavailableError):
        await queued
    with pytest.raises(WriterBusyError):
        await writer.submit(a_request(a_lock()))


async def test_a_halted_log_takes_no_numbers_and_says_why(memory_log: MemoryLog) -> None:
    async with running(memory_log) as writer:
        await open_and_lock(writer)
        await memory_log.halt("an audit")
        with pytest.raises(LogHaltedError, match="an audit"):
            await writer.submit(a_request(a_reservation_of(1)))
    assert memory_log.length == 2


class PoisonedLog(MemoryLog):
    """A log that cannot take the records of one device."""

    def check(self, expected: Position, batch: Batch) -> None:
        """Refuse records of the device `poison`."""
        super().check(expected, batch)
        if any(_is_poison(stored.record) for stored in batch.records):
            raise LogBrokenError("poison")


def _is_poison(record: Record) -> bool:
    return record.device_id == "poison"


async def test_a_command_the_log_cannot_take_costs_nobody_else_an_answer() -> None:
    log = PoisonedLog()
    async with running(log) as writer:
        await do(writer, a_series(), a_key())
        answers = await asyncio.gather(
            *(writer.submit(a_request(an_issue(a_document(f"before_{n}")), a_key())) for n in range(5)),
            writer.submit(a_request(an_issue(a_document("poison")), a_device("poison"))),
            *(writer.submit(a_request(an_issue(a_document(f"after_{n}")), a_key())) for n in range(5)),
            return_exceptions=True,
        )
        assert [type(answer) for answer in answers] == [Answered] * 5 + [LogBrokenError] + [Answered] * 5
        await do(writer, an_issue(a_document("later")), a_key())
    assert (await checked(log, [a for a in answers if isinstance(a, Answered)])).series[SERIES].taken == 11


class ForgetfulLog(MemoryLog):
    """A log that can lose its tail, as after a failover to a standby that was behind."""

    def forget(self, after: int) -> None:
        """Forget the records after a position."""
        del self._records[after:]
        self._versions = {stored.record.stream: stored.record.version for stored in self._records}


async def test_a_log_that_lost_its_tail_is_halted_before_a_number_is_given_twice() -> None:
    log = ForgetfulLog()
    async with running(log) as writer:
        await open_and_lock(writer)
        await do(writer, a_reservation_of(10))
        log.forget(2)
        with pytest.raises(LogHaltedError, match="lost its tail"):
            await writer.submit(a_request(a_reservation_of(10)))
    assert await log.halted() is not None
    assert log.length == 2
