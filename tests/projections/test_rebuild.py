"""A rebuild: the log makes every projection again, while the old copy answers."""

import asyncio

import asyncpg
import pytest
from msgspec.structs import replace

from projections.keeping import copies
from projections.keeping.connections import connected
from projections.keeping.every import ALL
from projections.keeping.projection_faults import RebuildRunningError
from projections.keeping.runner import ProjectionRunner
from projections.models.register.register import REGISTER
from projections.statements import statement
from tests.projections.conftest import WrittenLog
from tests.projections.histories import History
from tests.projections.reported import gaps_of
from tests.projections.test_runner import assert_all_agree, is_at_head, running, superuser
from tests.support.waiting import until

SLOW = "SELECT pg_advisory_xact_lock_shared(7)::text"
"""Makes a digest take until an advisory lock is free."""

LEFTOVERS = "SELECT nspname FROM pg_namespace WHERE nspname LIKE '%\\_next' OR nspname LIKE '%\\_old' ORDER BY nspname"


async def is_waited_for(admin: asyncpg.Connection) -> bool:
    """Whether a digest has reached SLOW and waits there."""
    found: bool = await admin.fetchval(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )
    return found


async def test_a_rebuild_under_load_equals_the_copy_it_replaces(log: WrittenLog) -> None:
    history = History.of_seed(11)
    await log.append(history.grow(500))
    runner = ProjectionRunner(log.database_url, batch_size=20, poll_seconds=0.001)
    rebuilding = ProjectionRunner(log.database_url)
    is_done = asyncio.Event()

    async def write() -> None:
        while not is_done.is_set():
            await log.append(history.grow(3))
            await asyncio.sleep(0)

    async def read() -> None:
        while not is_done.is_set():
            report = await gaps_of(log.reader, history.series[0].series_id)
            assert report.equation.is_balanced
            terms = report.equation
            gone = terms.withdrawn + terms.released + terms.expired + terms.lost
            assert gone == sum(gap.count for gap in report.data)

    async with running(runner), asyncio.TaskGroup() as group:
        await until(is_at_head(runner, log))
        group.create_task(write())
        group.create_task(read())
        for projection in ALL:
            rebuilt = await rebuilding.rebuild(projection.name)
            assert rebuilt.is_same
            assert rebuilt.is_swapped
        is_done.set()
    await runner.catch_up()
    await assert_all_agree(log, history)
    assert await log.reader.fetch(LEFTOVERS) == []


async def test_runners_go_on_while_the_digests_are_taken_and_no_event_is_lost(log: WrittenLog) -> None:
    history = History.of_seed(15)
    await log.append(history.grow(300))
    runner = ProjectionRunner(log.database_url, poll_seconds=0.001)
    slow = [replace(projection, digests=(*projection.digests, SLOW)) for projection in ALL]
    async with superuser(log) as admin, running(runner):
        await until(is_at_head(runner, log))
        for projection in slow:
            compared_at = log.position
            await admin.execute("SELECT pg_advisory_lock(7)")
            rebuilding = asyncio.create_task(
                ProjectionRunner(log.database_url, projections=slow).rebuild(projection.name)
            )
            await until(lambda: is_waited_for(admin))
            await log.append(history.grow(50))
            await until(is_at_head(runner, log))
            report = await gaps_of(log.reader, history.series[0].series_id, at_least=log.position)
            assert report.as_of.position == log.position
            await admin.execute("SELECT pg_advisory_unlock(7)")
            rebuilt = await rebuilding
            assert (rebuilt.is_same, rebuilt.is_swapped, rebuilt.position) == (True, True, compared_at)
            await until(is_at_head(runner, log))
            await assert_all_agree(log, history)
    for projection in ALL:
        assert (await ProjectionRunner(log.database_url).rebuild(projection.name)).is_same


async def test_a_copy_that_lacks_a_table_differs_and_is_replaced_by_force(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = History.of_seed(16)
    await log.append(history.grow(100))
    await runner.catch_up()
    before = await runner.digest("gaps")
    async with superuser(log) as admin:
        await admin.execute("DROP TABLE gaps.gap")
    assert not (await runner.rebuild("gaps")).is_swapped
    assert (await runner.rebuild("gaps", is_forced=True)).is_swapped
    assert await runner.digest("gaps") == before


async def test_progress_ends_at_the_position_the_old_copy_had(log: WrittenLog, runner: ProjectionRunner) -> None:
    await log.append(History.of_seed(12).grow(100))
    await runner.catch_up()
    seen: list[tuple[int, int]] = []
    rebuilt = await runner.rebuild("register", lambda reached, target: seen.append((reached, target)))
    assert seen[-1] == (log.position, log.position)
    assert rebuilt.position == log.position


async def test_a_copy_that_differs_is_swapped_only_by_force(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = History.of_seed(13)
    await log.append(history.grow(200))
    await runner.catch_up()
    async with superuser(log) as admin:
        await admin.execute("UPDATE gaps.gap SET reason = 'withdrawn'")
    wrong = await runner.digest("gaps")

    refused = await runner.rebuild("gaps")
    assert not refused.is_swapped
    assert refused.live_digest == wrong != refused.rebuilt_digest
    assert await runner.digest("gaps") == wrong

    forced = await runner.rebuild("gaps", is_forced=True)
    assert forced.is_swapped
    assert await runner.digest("gaps") == refused.rebuilt_digest
    await assert_all_agree(log, history)
    assert await log.reader.fetch(LEFTOVERS) == []


async def test_what_a_killed_rebuild_left_is_dropped_by_the_next(log: WrittenLog, runner: ProjectionRunner) -> None:
    await log.append(History.of_seed(14).grow(50))
    await runner.catch_up()
    async with connected(log.database_url) as connection, connection.transaction():
        await copies.create(connection, copies.rebuilt(REGISTER))
        await copies.create(connection, copies.retired(REGISTER))
    assert len(await log.reader.fetch(LEFTOVERS)) == 2
    assert (await runner.rebuild("register")).is_swapped
    assert await log.reader.fetch(LEFTOVERS) == []


async def test_one_rebuild_at_a_time(log: WrittenLog, runner: ProjectionRunner) -> None:
    async with connected(log.database_url) as connection:
        assert await connection.fetchval(statement("rebuild_lock"), "register")
        with pytest.raises(RebuildRunningError):
            await runner.rebuild("register")


async def test_an_empty_log_rebuilds_to_itself(runner: ProjectionRunner) -> None:
    for projection in ALL:
        assert (await runner.rebuild(projection.name)).is_same


async def test_an_unknown_projection_is_a_key_error(runner: ProjectionRunner) -> None:
    with pytest.raises(KeyError):
        await runner.rebuild("ledger")


@pytest.mark.parametrize("held", [0, 60], ids=["nothing", "the beginning"])
@pytest.mark.parametrize("is_forced", [False, True])
async def test_a_rebuild_goes_to_the_head_that_the_log_had_whatever_the_old_copy_holds(
    log: WrittenLog, runner: ProjectionRunner, held: int, *, is_forced: bool
) -> None:
    """As after a restore without projections, where no process follows the log."""
    history = History.of_seed(17)
    if held:
        await log.append(history.grow(held))
        await runner.catch_up()
    compared_at = log.position
    await log.append(history.grow(80))

    for projection in ALL:
        rebuilt = await runner.rebuild(projection.name, is_forced=is_forced)
        assert (rebuilt.compared_at, rebuilt.position, rebuilt.is_swapped) == (compared_at, log.position, True)
        assert rebuilt.digest == await runner.digest(projection.name)
        assert (await runner.rebuild(projection.name)).rebuilt_digest == rebuilt.digest
    await assert_all_agree(log, history)
