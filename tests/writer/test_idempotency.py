"""One key, one answer: for every repeat, in every process."""

import asyncio

from schemas.commands import UnlockSeries
from schemas.outcomes import ReservedOutcome, SeriesOutcome
from schemas.rejections import (
    IdempotencyKeyReused,
    ReservationAlreadyConsumed,
    SeriesNotLockedToDevice,
)
from schemas.values import Number
from service.log.event_log import EventLog
from service.log.postgres_log import PostgresLog
from service.writer.request import Answered
from tests.support.domain.commands import (
    SERIES,
    a_consumption,
    a_document,
    a_key,
    a_key_of,
    a_lock,
    a_request,
    a_reservation_of,
    a_series,
    a_slot,
)
from tests.support.domain.writers import checked, do, open_and_lock, running, together

RESERVE = a_request(a_reservation_of(5), key="outbox-1")


async def test_twins_in_one_process_share_one_answer(log: EventLog) -> None:
    async with running(log) as writer:
        await open_and_lock(writer)
        answers = await together([writer.submit(RESERVE) for _ in range(20)])
    assert {answer.outcome for answer in answers} == {answers[0].outcome}
    assert sorted(answer.is_repeat for answer in answers) == [False] + [True] * 19
    assert (await checked(log, answers)).series[SERIES].taken == 5


async def test_twins_in_two_processes_share_one_answer(postgres_log: PostgresLog, second_log: PostgresLog) -> None:
    async with running(postgres_log) as one, running(second_log) as two:
        await open_and_lock(one)
        answers = await together([writer.submit(RESERVE) for _ in range(5) for writer in (one, two)])
    assert {answer.outcome for answer in answers} == {answers[0].outcome}
    assert [answer.is_repeat for answer in answers].count(False) == 1
    assert (await checked(postgres_log, answers)).series[SERIES].taken == 5


async def test_a_repeat_gets_the_first_answer_though_the_state_has_moved_on(log: EventLog) -> None:
    async with running(log) as writer:
        await open_and_lock(writer)
        first = await do(writer, RESERVE.command, key="outbox-1")
        await do(writer, UnlockSeries(SERIES, is_forced=True), a_key())
        assert await writer.submit(a_request(a_reservation_of(5))) == SeriesNotLockedToDevice(SERIES, is_locked=False)
        assert await writer.submit(RESERVE) == Answered(first, is_repeat=True)
        assert await writer.stored_answer(a_key_of("outbox-1")) == Answered(first, is_repeat=True)
    async with running(log) as restarted:
        assert await restarted.submit(RESERVE) == Answered(first, is_repeat=True)
        assert await restarted.stored_answer(a_key_of("outbox-1")) == Answered(first, is_repeat=True)
    assert (await checked(log)).series[SERIES].taken == 5


async def test_a_repeated_consumption_gets_the_document_and_not_that_the_token_is_used(log: EventLog) -> None:
    async with running(log) as writer:
        await open_and_lock(writer)
        await do(writer, a_reservation_of(2))
        consume = a_request(a_consumption(a_slot(1)), key="draft")
        first = await writer.submit(consume)
        retry = a_request(a_consumption(a_slot(1), a_document("inv_retry")), key="draft")
        assert isinstance(first, Answered)
        assert await writer.submit(retry) == Answered(first.outcome, is_repeat=True)
        other = a_request(a_consumption(a_slot(1), a_document("inv_other")), key="another draft")
        assert await writer.submit(other) == ReservationAlreadyConsumed(Number(1))
    await checked(log)


async def test_twins_of_a_request_another_process_answered_both_get_that_answer(
    postgres_log: PostgresLog, second_log: PostgresLog
) -> None:
    async with running(postgres_log) as one, running(second_log) as two:
        await open_and_lock(one)
        await do(one, a_reservation_of(1))
        consume = a_request(a_consumption(a_slot(1)), key="draft")
        first = await one.submit(consume)
        assert isinstance(first, Answered)
        answers = await together([two.submit(consume) for _ in range(3)])
    assert answers == [Answered(first.outcome, is_repeat=True)] * 3


async def test_a_key_that_answered_another_request_is_refused(log: EventLog) -> None:
    async with running(log) as writer:
        await open_and_lock(writer)
        await do(writer, a_reservation_of(5), key="k")
        reused = a_request(a_reservation_of(6), key="k", body="another body")
        assert await writer.submit(reused) == IdempotencyKeyReused()
        assert await writer.stored_answer(a_key_of("k", "another body")) == IdempotencyKeyReused()
        both = await asyncio.gather(
            writer.submit(a_request(a_reservation_of(1), key="new")),
            writer.submit(a_request(a_reservation_of(2), key="new", body="another body")),
        )
        assert [type(answer) for answer in both] == [Answered, IdempotencyKeyReused]
    assert (await checked(log)).series[SERIES].taken == 6


async def test_a_refusal_is_not_kept_and_the_key_may_be_used_again(log: EventLog) -> None:
    async with running(log) as writer:
        await do(writer, a_series(), a_key())
        assert isinstance(await writer.submit(RESERVE), SeriesNotLockedToDevice)
        assert await writer.stored_answer(a_key_of("outbox-1")) is None
        await do(writer, a_lock())
        answer = await writer.submit(RESERVE)
        assert isinstance(answer, Answered)
        assert not answer.is_repeat


async def test_what_changes_nothing_is_answered_once_as_well(log: EventLog) -> None:
    async with running(log) as writer:
        await open_and_lock(writer)
        first = await do(writer, a_lock(), key="again")
        await do(writer, a_reservation_of(3))
        assert await writer.submit(a_request(a_lock(), key="again")) == Answered(first, is_repeat=True)
    assert isinstance(first, SeriesOutcome)
    assert first.series.next_number == 1


async def test_a_caller_that_hangs_up_does_not_take_the_answer_from_its_twin(log: EventLog) -> None:
    async with running(log) as writer:
        await open_and_lock(writer)
        gone, twin = (asyncio.create_task(writer.submit(RESERVE)) for _ in range(2))
        await asyncio.sleep(0)  # both have asked, the second as a twin of the first
        gone.cancel()
        answer = await twin
    assert isinstance(answer, Answered)
    assert isinstance(answer.outcome, ReservedOutcome)


async def test_a_refusal_is_true_at_the_head_whoever_moved_it(
    postgres_log: PostgresLog, second_log: PostgresLog
) -> None:
    async with running(postgres_log) as one, running(second_log) as two:
        await open_and_lock(one)
        await two.known.read()
        await do(one, UnlockSeries(SERIES))
        refusal = await two.submit(a_request(a_reservation_of(1)))
        assert refusal == SeriesNotLockedToDevice(SERIES, is_locked=False)
        await do(one, a_lock())
        await do(two, a_reservation_of(1))
        done = await do(one, a_lock())
        assert isinstance(done, SeriesOutcome)
        assert done.series.next_number == 2
