"""One process that vanishes or freezes does not stop the others: what it held, PostgreSQL takes back."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from schemas.values import Position
from service.log.event_log import EventLog, HeldLog, LogFaultError
from service.log.postgres_log import PostgresLog
from service.writer.request import Answered
from service.writer.writer import Limits
from tests.support.domain.batches import a_batch
from tests.support.domain.commands import SERIES, a_request, a_reservation_of
from tests.support.domain.history import a_history
from tests.support.domain.writers import checked, open_and_lock, running, until_told
from tests.support.servers.cut_proxy import CutProxy
from tests.support.waiting import until

# Far above the seconds that it takes, and below the minute that it took.
PATIENCE_SECONDS = 40
PATIENT = Limits(wait_seconds_max=PATIENCE_SECONDS)
UNREAD = 100_000


@asynccontextmanager
async def a_log_behind(proxy: CutProxy) -> AsyncGenerator[PostgresLog]:
    log = await PostgresLog.open(proxy.url)
    try:
        yield log
    finally:
        await log.close()


@asynccontextmanager
async def a_frozen_holder(database_url: str, lines: int) -> AsyncGenerator[None]:
    """A process that took the lock of the log and is stopped, with `lines` of an answer that it does not read."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.servers.silent_holder",
        database_url,
        str(lines),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await process.stdout.readline() != b"held\n":
                assert not process.stdout.at_eof(), "the holder ended"
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def write_in_time(log: EventLog) -> None:
    """Append as a client does that asks again; fail if the log stays locked."""
    batch = a_batch(a_history().records)

    async def is_written() -> bool:
        try:
            await log.append(Position(0), batch)
        except LogFaultError:
            return await log.head() == len(batch.records)
        return True

    await until(is_written, "a write", seconds_max=PATIENCE_SECONDS)


async def test_what_a_vanished_process_held_is_free_again(postgres_log: PostgresLog, database_url: str) -> None:
    async with CutProxy.before(database_url) as proxy, a_log_behind(proxy) as vanished:
        holding, is_over = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            async with vanished.hold():
                proxy.silence()
                holding.set()
                await is_over.wait()

        task = asyncio.create_task(hold())
        await holding.wait()
        await write_in_time(postgres_log)
        is_over.set()
        with pytest.raises(LogFaultError):
            await task


@pytest.mark.parametrize("lines", [0, UNREAD], ids=["idle", "not-reading"])
async def test_what_a_frozen_process_holds_is_taken_back(
    postgres_log: PostgresLog, database_url: str, lines: int
) -> None:
    async with a_frozen_holder(database_url, lines):
        await write_in_time(postgres_log)


async def test_a_waiting_replica_is_answered_although_another_vanished_with_the_lock(
    postgres_log: PostgresLog, database_url: str
) -> None:
    async with running(postgres_log, limits=PATIENT) as writer:
        await open_and_lock(writer)
        async with a_frozen_holder(database_url, 0):
            answer = await until_told(writer, "a key")
    assert (await checked(postgres_log, [answer])).series[SERIES].taken == 2


async def test_a_writer_whose_connection_is_silent_moves_on_and_its_command_is_done_once(database_url: str) -> None:
    async with CutProxy.before(database_url) as proxy, a_log_behind(proxy) as log:
        async with running(log, limits=PATIENT) as writer:
            await open_and_lock(writer)
            proxy.silence()
            answer = await writer.submit(a_request(a_reservation_of(3), key="a key"))
        assert isinstance(answer, Answered)
        assert (await checked(log, [answer])).series[SERIES].taken == 3


async def test_a_command_whose_answer_was_lost_without_a_word_is_found_done(database_url: str) -> None:
    async with CutProxy.before(database_url) as proxy, a_log_behind(proxy) as log:
        async with running(log, limits=PATIENT) as writer:
            await open_and_lock(writer)
            proxy.silence(is_server_hearing=True)
            answer = await writer.submit(a_request(a_reservation_of(3), key="a key"))
        assert isinstance(answer, Answered)
        assert (await checked(log, [answer])).series[SERIES].taken == 3


class SilentUnderTheLock(PostgresLog):
    """Its connections fall silent once, when it has taken the lock."""

    fall_silent: Callable[[], None] | None = None

    @asynccontextmanager
    async def hold(self, after: Position | None = None) -> AsyncGenerator[HeldLog]:
        """As PostgresLog.hold."""
        async with super().hold(after) as held:
            if self.fall_silent is not None:
                self.fall_silent()
                self.fall_silent = None
            yield held


async def test_a_connection_that_falls_silent_under_the_lock_costs_no_number(
    postgres_log: PostgresLog, database_url: str
) -> None:
    async with CutProxy.before(database_url) as proxy:
        log = await SilentUnderTheLock.open(proxy.url)
        async with running(postgres_log) as other, running(log, limits=PATIENT) as writer:
            await open_and_lock(other)
            log.fall_silent = proxy.silence
            answer = await until_told(writer, "a key")
        await log.close()
    assert (await checked(postgres_log, [answer])).series[SERIES].taken == 2


async def test_a_read_over_a_silent_connection_is_a_fault_and_the_next_one_is_answered(database_url: str) -> None:
    async with CutProxy.before(database_url) as proxy, a_log_behind(proxy) as log:
        proxy.silence()

        async def is_answered() -> bool:
            try:
                return await log.head() == 0
            except LogFaultError:
                return False

        await until(is_answered, "an answer", seconds_max=PATIENCE_SECONDS)
