"""The runner applies every event once and in order, also beside other runners and after faults."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest
from structlog.testing import capture_logs

from projections.keeping.every import ALL
from projections.keeping.projection_faults import LogHoleError, ProjectionBrokenError
from projections.keeping.runner import ProjectionRunner
from projections.reports.gap_report import kept_gap_report
from tests.projections.conftest import WrittenLog
from tests.projections.histories import History
from tests.projections.test_agreement import assert_agreement, replay_of
from tests.support.waiting import until

KILLS = 5


@asynccontextmanager
async def running(*runners: ProjectionRunner) -> AsyncGenerator[None]:
    """The runners run until the block ends; an error that stops one of them is raised."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(runner.run()) for runner in runners]
        yield
        for task in tasks:
            task.cancel()


def is_at_head(runner: ProjectionRunner, log: WrittenLog) -> Callable[[], bool]:
    return lambda: set(runner.positions().values()) == {log.position}


def is_past(runner: ProjectionRunner, position: int) -> Callable[[], bool]:
    return lambda: min(runner.positions().values()) > position


async def assert_all_agree(log: WrittenLog, history: History) -> None:
    replay = replay_of(history.records)
    for series in history.series:
        await assert_agreement(log.reader, replay, series.series_id)


async def assert_all_stop(runner: ProjectionRunner) -> None:
    """The runner says that all projections are stopped, and it does not end."""
    async with running(runner):
        await until(lambda: runner.stopped() == {projection.name for projection in ALL})


@asynccontextmanager
async def superuser(log: WrittenLog) -> AsyncGenerator[asyncpg.Connection]:
    connection = await asyncpg.connect(log.database_url)
    try:
        yield connection
    finally:
        await connection.close()


async def test_a_running_runner_follows_the_log(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = History.of_seed(1)
    async with running(runner):
        for _ in range(20):
            await log.append(history.grow(10))
            runner.wake.set()
        await until(is_at_head(runner, log))
    assert runner.head == log.position
    assert set(runner.lag().values()) == {0}
    assert runner.positions() == dict.fromkeys((projection.name for projection in ALL), log.position)
    await assert_all_agree(log, history)


async def test_two_runners_at_once_apply_every_event_once(log: WrittenLog) -> None:
    history = History.of_seed(2)
    runners = [ProjectionRunner(log.database_url, batch_size=3, poll_seconds=0.001) for _ in range(2)]
    async with running(*runners):
        for _ in range(40):
            await log.append(history.grow(5))
        for runner in runners:
            await until(is_at_head(runner, log))
    await assert_all_agree(log, history)


async def test_a_killed_connection_loses_and_doubles_nothing(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = History.of_seed(3)
    history.grow(1500)
    await log.append(history.records)
    kills = 0
    async with superuser(log) as admin, running(runner):
        while kills < KILLS and not is_at_head(runner, log)():
            kills += await admin.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'numbering projections'"
            )
            reached = min(runner.positions().values())
            await until(is_past(runner, reached))
        await until(is_at_head(runner, log))
    assert kills == KILLS
    await assert_all_agree(log, history)
    for projection in ALL:
        assert (await runner.rebuild(projection.name)).is_same


async def test_a_hole_in_the_log_stops_the_runner_and_changes_nothing(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = History.of_seed(4)
    await log.append(history.grow(40))
    await runner.catch_up()
    before = [await runner.digest(projection.name) for projection in ALL]
    await log.append(history.grow(40))
    async with superuser(log) as admin:
        await admin.execute("ALTER TABLE log.event DISABLE TRIGGER event_only_grows")
        await admin.execute("DELETE FROM log.event WHERE position = $1", log.position - 35)

    with pytest.raises(LogHoleError, match="is expected"):
        await ProjectionRunner(log.database_url).catch_up()
    with capture_logs() as lines:
        await assert_all_stop(ProjectionRunner(log.database_url))
    assert [line["error"][:12] for line in lines] == ["LogHoleError"]
    assert before == [await runner.digest(projection.name) for projection in ALL]


async def test_a_log_that_ends_before_its_head_stops_the_runner(log: WrittenLog, runner: ProjectionRunner) -> None:
    await log.append(History.of_seed(4).grow(40))
    async with superuser(log) as admin:
        await admin.execute("ALTER TABLE log.event DISABLE TRIGGER event_only_grows")
        await admin.execute("DELETE FROM log.event WHERE position = $1", log.position)
    with pytest.raises(LogHoleError, match="but its head is"):
        await runner.catch_up()
    await assert_all_stop(runner)


async def test_a_log_that_lost_its_tail_stops_the_runner(log: WrittenLog, runner: ProjectionRunner) -> None:
    await log.append(History.of_seed(4).grow(40))
    await runner.catch_up()
    async with superuser(log) as admin:
        await admin.execute("UPDATE log.head SET position = position - 1")
    told = f"counters is at position {log.position}, but log 1 ends at {log.position - 1}"
    with pytest.raises(ProjectionBrokenError, match=told):
        await ProjectionRunner(log.database_url).catch_up()
    await assert_all_stop(ProjectionRunner(log.database_url))


async def test_postgresql_refuses_a_counter_that_does_not_account_for_a_number(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    await log.append(History.of_seed(6).grow(40))
    await runner.catch_up()
    async with superuser(log) as admin:
        with pytest.raises(asyncpg.CheckViolationError, match="counter_accounts_for_every_number"):
            await admin.execute("UPDATE counters.counter SET standing = standing + 1")


async def test_readers_and_writers_read_and_cannot_write(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = History.of_seed(7)
    await log.append(history.grow(40))
    await runner.catch_up()
    await runner.rebuild("gaps")
    assert await kept_gap_report(log.reader, history.series[0].series_id) is not None
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await log.reader.execute("DELETE FROM gaps.gap")


INDEXES = """
SELECT i.indexname FROM pg_indexes AS i
WHERE i.schemaname = ANY($1) AND i.indexname = ANY('{invoice_by_date,ending_of_fate,invoice_full_number}')
ORDER BY i.indexname
"""


async def test_an_empty_copy_of_a_long_log_gets_the_indexes_of_its_readers_before_it_is_filled(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = History.of_seed(8)
    await log.append(history.grow(100), history.bodies)
    await runner.catch_up()  # with batches that are shorter than the log
    due = [row["indexname"] for row in await log.reader.fetch(INDEXES, ["invoices", "register"])]
    assert due == ["ending_of_fate", "invoice_by_date", "invoice_full_number"]
    for name in ("invoices", "register"):
        await runner.rebuild(name)
    assert [row["indexname"] for row in await log.reader.fetch(INDEXES, ["invoices", "register"])] == due


async def test_a_copy_left_without_indexes_gets_them_from_the_next_runner(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = History.of_seed(9)
    await log.append(history.grow(100), history.bodies)
    await runner.catch_up()
    async with superuser(log) as admin:  # as a runner leaves it that is killed before the last index
        await admin.execute("DROP INDEX invoices.invoice_by_date")
        await admin.execute("COMMENT ON TABLE invoices.checkpoint IS NULL")
    await ProjectionRunner(log.database_url).catch_up()
    assert "invoice_by_date" in [row["indexname"] for row in await log.reader.fetch(INDEXES, ["invoices"])]
    await assert_all_agree(log, history)
