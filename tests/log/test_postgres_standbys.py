"""A commit that no standby has is not acknowledged, even if an operator cancels the wait for the standby."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from schemas.values import Position
from service.embedded import EmbeddedPostgres
from service.log.event_log import AppendInDoubtError, Batch, LogUnavailableError
from service.log.migrating.migrate import migrate
from service.log.postgres_log import PostgresLog
from service.writer.request import Answered, Submission
from service.writer.writer import Limits, OutcomeUnknownError
from tests.support.domain.batches import a_batch
from tests.support.domain.commands import a_device, a_document, a_key_of, a_request, a_series, an_issue
from tests.support.domain.history import a_history
from tests.support.domain.writers import do, running
from tests.support.servers.databases import database, with_database
from tests.support.servers.directories import server_directory
from tests.support.waiting import until

CANCEL = "SELECT bool_or(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


class Standbys:
    """Makes the server wait for a standby that never comes, or not wait."""

    def __init__(self, admin: asyncpg.Connection) -> None:
        self.admin = admin

    async def await_one(self) -> None:
        """From now on a commit waits for a standby."""
        await self._set("synchronous_standby_names = 'nobody'")

    async def await_none(self) -> None:
        """From now on no commit waits."""
        await self.admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
        await self._reload("synchronous_standby_names", "")

    async def demand_less(self) -> None:
        """An operator makes commits weaker and faster, for the whole server and for running sessions."""
        await self._set("synchronous_commit = 'off'")

    async def give_up(self) -> None:
        """An operator cancels a statement that waits."""
        await until(self.give_up_whatever_waits)

    async def give_up_whatever_waits(self) -> bool:
        """An operator cancels all statements that wait now; returns whether there was any."""
        return bool(await self.admin.fetchval(CANCEL))

    async def are_awaited(self) -> bool:
        """Whether a commit waits now."""
        return bool(await self.admin.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))

    async def _set(self, setting: str) -> None:
        name, _, value = setting.partition(" = ")
        await self.admin.execute(f"ALTER SYSTEM SET {setting}")
        await self._reload(name, value.strip("'"))

    async def _reload(self, name: str, value: str) -> None:
        await self.admin.execute("SELECT pg_reload_conf()")

        async def is_read() -> bool:
            return bool(await self.admin.fetchval(f"SHOW {name}") == value)

        await until(is_read)


@pytest.fixture(scope="module")
def own_server() -> Iterator[EmbeddedPostgres]:
    """A server for these tests alone: the settings here hold for every session on it."""
    with server_directory() as directory, EmbeddedPostgres(directory / "postgres") as server:
        yield server


@pytest_asyncio.fixture
async def standbys(own_server: EmbeddedPostgres) -> AsyncIterator[Standbys]:
    """The standbys of the log's server; when the test ends, no session waits for them any more."""
    admin = await asyncpg.connect(own_server.url)
    found = Standbys(admin)
    yield found
    await admin.execute("ALTER SYSTEM RESET ALL")
    await found.await_none()
    await admin.close()


@pytest_asyncio.fixture
async def log(own_server: EmbeddedPostgres, standbys: Standbys) -> AsyncIterator[PostgresLog]:
    """An empty log on this server."""
    async with an_empty_log(own_server, standbys) as log:
        yield log


@asynccontextmanager
async def an_empty_log(own_server: EmbeddedPostgres, standbys: Standbys) -> AsyncGenerator[PostgresLog]:
    """A log in its own database, opened with the present settings of the server."""
    async with database(standbys.admin, f"test_{secrets.token_hex(8)}", "template0") as name:
        url = with_database(own_server.url, name)
        await migrate(url)
        log = await PostgresLog.open(url)
        yield log
        await log.close()
        await standbys.await_none()


async def hold_and_append(log: PostgresLog, batch: Batch) -> None:
    async with log.hold() as held:
        await held.append(held.head, batch)


async def given_up(standbys: Standbys, work: Coroutine[Any, Any, object]) -> object:
    """The result of `work` when an operator cancels the wait of its commit."""
    task = asyncio.create_task(work)
    await standbys.give_up()
    return await task


@pytest.mark.parametrize("is_held", [False, True], ids=["append", "hold"])
async def test_an_append_whose_wait_is_ended_is_in_doubt(log: PostgresLog, standbys: Standbys, is_held: bool) -> None:
    batch = a_batch(a_history().records)
    await standbys.await_one()
    with pytest.raises(AppendInDoubtError, match="SQLSTATE 01000"):
        await given_up(standbys, hold_and_append(log, batch) if is_held else log.append(Position(0), batch))
    # This server has the commit; a server that takes over may not have it.
    assert await log.head() == len(batch.records)


async def test_a_barrier_whose_wait_is_ended_is_none(log: PostgresLog, standbys: Standbys) -> None:
    await standbys.await_one()
    with pytest.raises(LogUnavailableError, match="SQLSTATE 01000"):
        await given_up(standbys, log.barrier("relay"))
    await standbys.await_none()
    assert await log.barrier("relay") == 0


async def test_nobody_can_make_the_commits_of_a_running_service_less_durable(
    log: PostgresLog, standbys: Standbys
) -> None:
    batch = a_batch(a_history().records)
    await standbys.await_one()
    await standbys.demand_less()
    with pytest.raises(AppendInDoubtError):
        await given_up(standbys, log.append(Position(0), batch))
    # The next session begins with the present settings of the server.
    with pytest.raises(LogUnavailableError):
        await given_up(standbys, log.barrier("relay"))


async def test_a_session_that_would_hear_no_warnings_hears_them(
    standbys: Standbys, own_server: EmbeddedPostgres
) -> None:
    await standbys.admin.execute("ALTER SYSTEM SET client_min_messages = 'error'")
    await standbys.admin.execute("SELECT pg_reload_conf()")
    async with an_empty_log(own_server, standbys) as log:
        await standbys.await_one()
        with pytest.raises(AppendInDoubtError):
            await given_up(standbys, log.append(Position(0), a_batch(a_history().records)))


async def test_a_repeat_is_not_told_what_no_standby_has(log: PostgresLog, standbys: Standbys) -> None:
    key = a_key_of("inv_1")
    request = Submission(an_issue(a_document("inv_1")), a_device(), idempotency=key)
    async with running(log, limits=Limits(wait_seconds_max=1.0)) as writer:
        await do(writer, a_series(is_primary=True))
        await standbys.await_one()
        asked = asyncio.create_task(writer.submit(request))
        await standbys.give_up()
        with pytest.raises(OutcomeUnknownError):
            await asked
    async with running(log) as writer:
        repeats = [asyncio.create_task(writer.stored_answer(key)) for _ in range(20)]
        while not all(repeat.done() for repeat in repeats):
            await standbys.give_up_whatever_waits()
        for repeat in repeats:
            with pytest.raises(LogUnavailableError, match="SQLSTATE 01000"):
                await repeat
        await standbys.await_none()
        again = await writer.stored_answer(key)
    assert isinstance(again, Answered)
    assert again.is_repeat


async def test_a_caller_is_told_once_a_standby_has_it(log: PostgresLog, standbys: Standbys) -> None:
    async with running(log) as writer:
        await do(writer, a_series())
        await standbys.await_one()
        asked = asyncio.create_task(writer.submit(a_request(an_issue(a_document("inv_1")))))
        await standbys.give_up()
        await standbys.give_up()  # the barrier that asks whether it is safe
        await until(standbys.are_awaited)  # it asks again, so it did not trust the first answer
        assert not asked.done()
        await standbys.await_none()
        await asked
        await do(writer, an_issue(a_document("inv_2")))
    assert await log.head() == 5
