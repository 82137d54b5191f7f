"""Each write fails once before and once after it commits: every outcome is true, and no number is spent twice."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import repeat

import asyncpg
import pytest
import pytest_asyncio

from schemas.outcomes import DocumentOutcome, ReservedOutcome
from schemas.values import Position
from service.log.event_log import AppendInDoubtError, Batch, EventLog, LogHaltedError, LogUnavailableError
from service.log.postgres_log import PostgresLog
from service.writer.request import Answered
from service.writer.writer import Limits, OutcomeUnknownError, Writer
from tests.support.domain.batches import a_batch
from tests.support.domain.commands import SERIES, a_document, a_request, a_reservation_of, a_series, an_issue
from tests.support.domain.faulty_logs import Fault, LosesReplies
from tests.support.domain.history import a_history
from tests.support.domain.writers import checked, do, open_and_lock, running, together, until_told

BOTH = pytest.mark.parametrize("fault", [Fault.BEFORE, Fault.AFTER], ids=["before", "after"])
PATIENT = Limits(wait_seconds_max=60)


@BOTH
async def test_a_lost_reply_costs_no_number(log: EventLog, fault: Fault) -> None:
    async with running(log) as writer:
        await open_and_lock(writer)
    faulty = LosesReplies(log, [Fault.NONE, Fault.NONE, fault])
    async with running(faulty) as writer:
        await do(writer, a_reservation_of(1))
        outcome = await do(writer, a_reservation_of(10))
    assert isinstance(outcome, ReservedOutcome)
    assert (outcome.first, outcome.last) == (2, 11)
    assert await log.head() == 4


@BOTH
async def test_every_write_may_lose_its_connection_once(log: EventLog, fault: Fault) -> None:
    faults = (each for _ in range(20) for each in (fault, Fault.NONE))
    async with running(LosesReplies(log, faults)) as writer:
        await open_and_lock(writer)
        answers: list[Answered] = []
        for round_ in range(3):
            answers += await together(
                [
                    *(writer.submit(a_request(a_reservation_of(3), key=f"{round_}-{n}")) for n in range(5)),
                    *(writer.submit(a_request(an_issue(a_document(f"inv_{round_}_{n}")))) for n in range(5)),
                ]
            )
    state = await checked(log, answers)
    assert state.series[SERIES].taken == 60
    assert not any(answer.is_repeat for answer in answers)


@BOTH
async def test_a_connection_lost_under_the_lock_costs_no_number(log: EventLog, fault: Fault) -> None:
    async with running(log) as other:
        await open_and_lock(other)
        # The first write is stale, the second takes the lock and loses the connection while leaving it.
        async with running(LosesReplies(log, [Fault.NONE, fault])) as writer:
            answers = await together([writer.submit(a_request(a_reservation_of(3))) for _ in range(4)])
            answers += await together([other.submit(a_request(a_reservation_of(3))) for _ in range(4)])
    assert (await checked(log, answers)).series[SERIES].taken == 24


class HaltedAfterwards(LosesReplies):
    """A log that an operator halts as soon as a reply is lost."""

    async def append(self, expected: Position, batch: Batch) -> None:
        """Append, and halt if the reply is lost."""
        try:
            await super().append(expected, batch)
        except AppendInDoubtError:
            await self._log.halt("the operator's reason")
            raise


@BOTH
async def test_a_halt_after_a_lost_reply_does_not_hide_what_was_done(log: EventLog, fault: Fault) -> None:
    async with running(HaltedAfterwards(log, [Fault.NONE, Fault.NONE, fault])) as writer:
        await open_and_lock(writer)
        asked = writer.submit(a_request(an_issue(a_document("inv_1"))))
        if fault is Fault.AFTER:
            assert isinstance(await asked, Answered)
        else:
            with pytest.raises(LogHaltedError):
                await asked
    assert await log.head() == (4 if fault is Fault.AFTER else 2)


class OvertakenLog(LosesReplies):
    """A log that loses its second connection before the commit; then another process writes first."""

    async def append(self, expected: Position, batch: Batch) -> None:
        """Append, except at the second call."""
        if self.writes == 1:
            self.writes += 1
            day = a_history(an_issue(a_document("theirs")))
            await self._log.append(Position(1), a_batch(day.records[1:]))
            raise AppendInDoubtError("overtaken")
        await super().append(expected, batch)


async def test_who_was_overtaken_while_in_doubt_decides_again(log: EventLog) -> None:
    await log.append(Position(0), a_batch(a_history().records))
    overtaken = OvertakenLog(log, [])
    overtaken.writes = 1
    async with running(overtaken) as writer:
        await writer.known.read()
        outcome = await do(writer, an_issue(a_document("ours")))
    assert isinstance(outcome, DocumentOutcome)
    state = await checked(log, [Answered(outcome, is_repeat=False)])
    assert state.series[SERIES].taken == 2


async def test_a_store_that_stays_away_is_unavailable_and_nothing_is_written(log: EventLog) -> None:
    async with running(LosesReplies(log, [Fault.AWAY] * 2)) as writer:
        for _ in range(2):
            with pytest.raises(LogUnavailableError):
                await do(writer, a_series())
        await open_and_lock(writer)
    assert await log.head() == 2


async def test_an_outcome_nobody_learned_is_found_under_its_key(log: EventLog) -> None:
    async with running(log) as writer:
        await open_and_lock(writer)

    def faults() -> Iterator[Fault]:
        yield Fault.AFTER
        yield from repeat(Fault.AWAY)

    reserve = a_request(a_reservation_of(5), key="outbox")
    async with running(LosesReplies(log, faults()), limits=Limits(wait_seconds_max=0.3)) as writer:
        await writer.known.read()
        with pytest.raises(OutcomeUnknownError):
            await writer.submit(reserve)
    async with running(log) as writer:
        answer = await writer.submit(reserve)
    state = await checked(log, [answer] if isinstance(answer, Answered) else [])
    assert isinstance(answer, Answered)
    assert state.series[SERIES].taken == 5


@pytest_asyncio.fixture
async def admin(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The superuser, who may end other sessions."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


END = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'numbering%'
"""


async def test_sessions_that_are_ended_under_load_lose_nothing_that_was_acknowledged(
    postgres_log: PostgresLog, second_log: PostgresLog, admin: asyncpg.Connection
) -> None:
    answers: list[Answered] = []
    is_over = asyncio.Event()
    async with running(postgres_log, limits=PATIENT) as one, running(second_log, limits=PATIENT) as two:
        await open_and_lock(one)

        async def till(writer: Writer, name: str) -> None:
            number = 0
            while not is_over.is_set():
                number += 1
                answers.append(await until_told(writer, f"{name}-{number}"))

        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for number in range(10):
                group.create_task(till((one, two)[number % 2], f"till-{number}"))
            for _ in range(8):
                known = len(answers)
                while len(answers) < known + 40:
                    await asyncio.sleep(0.001)
                await admin.fetchval(END)
            is_over.set()
    state = await checked(postgres_log, answers)
    # Every caller asked until it got an answer: so every record that was written belongs to an answer.
    assert state.series[SERIES].taken == 2 * len(answers)
