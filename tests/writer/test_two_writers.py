"""The writers of two processes on one series: the result is right whichever writer a request reaches."""

import asyncio
from collections import Counter

from schemas.outcomes import DocumentOutcome, ReservedOutcome
from schemas.values import Position
from service.log.postgres_log import PostgresLog
from service.writer.request import Answered
from service.writer.writer import Limits, Writer
from tests.support.domain.commands import SERIES, a_document, a_request, a_reservation_of, an_issue
from tests.support.domain.writers import checked, open_and_lock, running

EACH = 2_000
IN_FLIGHT = 64
LIMITS = Limits(wait_seconds_max=60)


async def test_two_writers_take_2000_each_and_every_number_is_given_once(
    postgres_log: PostgresLog, second_log: PostgresLog
) -> None:
    done: list[int] = []
    async with running(postgres_log, limits=LIMITS) as one, running(second_log, limits=LIMITS) as two:
        await open_and_lock(one)
        both = await asyncio.gather(*(_load(writer, index, done) for index, writer in enumerate((one, two))))
    answers = [answer for each in both for answer in each]
    state = await checked(postgres_log, answers)
    assert len(answers) == 2 * EACH
    assert state.series[SERIES].taken == EACH // 2 * 2 * 3 + EACH
    # While both had work, neither waited for the other to finish.
    share = Counter(done[: 2 * EACH // 2])
    assert min(share[0], share[1]) > EACH // 20, share


async def _load(writer: Writer, index: int, done: list[int]) -> list[Answered]:
    """Reservations of 3 numbers and issues in turn, at most `IN_FLIGHT` at once."""
    places = asyncio.Semaphore(IN_FLIGHT)

    async def one(number: int) -> Answered:
        command = an_issue(a_document(f"inv_{index}_{number}")) if number % 2 else a_reservation_of(3)
        async with places:
            answer = await writer.submit(a_request(command))
        assert isinstance(answer, Answered), answer
        done.append(index)
        return answer

    return await asyncio.gather(*(one(number) for number in range(EACH)))


async def test_answers_of_both_writers_name_what_the_log_holds(
    postgres_log: PostgresLog, second_log: PostgresLog
) -> None:
    async with running(postgres_log) as one, running(second_log) as two:
        await open_and_lock(one)
        answers = [
            await writer.submit(a_request(command))
            for number in range(10)
            for writer in (one, two)
            for command in (a_reservation_of(2), an_issue(a_document(f"inv_{number}_{id(writer)}")))
        ]
        assert (await one.known.read()).position == (await two.known.read()).position
        assert await one.known.read() == await two.known.read()
    records = {stored.record.position: stored.record for stored in await postgres_log.read(Position(0), 1_000)}
    firsts = [a.outcome.first for a in answers if isinstance(a, Answered) and isinstance(a.outcome, ReservedOutcome)]
    assert firsts == [1 + 3 * n for n in range(20)]
    for answer in answers:
        if isinstance(answer, Answered) and isinstance(answer.outcome, DocumentOutcome):
            assert answer.outcome.position in records
