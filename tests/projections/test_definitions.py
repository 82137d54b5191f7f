"""The runner repairs copies of another version of this program, and missing copies, without an operator."""

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from projections.keeping.every import ALL
from projections.keeping.projection_faults import ProjectionBrokenError
from projections.keeping.runner import ProjectionRunner
from projections.models.projection import Projection
from tests.projections.conftest import WrittenLog
from tests.projections.histories import History
from tests.projections.test_rebuild import LEFTOVERS
from tests.projections.test_runner import assert_all_agree, is_at_head, running, superuser
from tests.support.waiting import until

PINNED = {
    "counters": "2 63ea509efaa2e27f",
    "gaps": "4 0bf44eab559437e9",
    "invoices": "6 82bd4d9413391cde",
    "register": "4 72639de4493da411",
}


def of_version(version: int) -> list[Projection]:
    return [replace(projection, version=version) for projection in ALL]


async def digests(runner: ProjectionRunner) -> dict[str, str]:
    return {projection.name: await runner.digest(projection.name) for projection in ALL}


def test_whoever_changes_a_projection_counts_its_version_up() -> None:
    """Pin the new definition above; its first word is the version, which must be higher than the one that was here."""
    assert {projection.name: projection.definition for projection in ALL} == PINNED, (
        "raise `version` unless the projection is new, then pin what is there now"
    )


async def test_copies_of_an_older_program_are_rebuilt_while_they_answer(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = History.of_seed(41)
    await log.append(history.grow(100), history.bodies)
    await ProjectionRunner(log.database_url, projections=of_version(0)).catch_up()
    await assert_all_agree(log, history)
    with pytest.raises(ProjectionBrokenError, match="another definition"):
        await runner.digest("gaps")

    await log.append(history.grow(100), history.bodies)
    with capture_logs() as lines:
        async with running(runner):
            await until(is_at_head(runner, log))
    told = [line["projection"] for line in lines if "older definition" in line["event"]]
    assert sorted(told) == sorted(projection.name for projection in ALL)
    await assert_all_agree(log, history)
    assert await log.reader.fetch(LEFTOVERS) == []


async def test_a_copy_without_a_definition_and_with_other_tables_is_rebuilt(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = History.of_seed(42)
    await log.append(history.grow(100), history.bodies)
    await runner.catch_up()
    before = await digests(runner)
    async with superuser(log) as admin:
        await admin.execute("COMMENT ON SCHEMA register IS NULL")
        await admin.execute("ALTER TABLE register.ending DROP COLUMN device_id")
    await assert_all_agree(log, history)  # it was made from the log
    await runner.catch_up()
    assert await digests(runner) == before
    await assert_all_agree(log, history)


async def test_copies_of_a_newer_program_are_left_alone(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = History.of_seed(43)
    await log.append(history.grow(50), history.bodies)
    newer = ProjectionRunner(log.database_url, projections=of_version(9))
    async with running(runner):
        await until(is_at_head(runner, log))
        await newer.catch_up()
        kept = await digests(newer)
        await until(lambda: runner.positions() == {})
        await log.append(history.grow(50), history.bodies)
        runner.wake.set()
        await until(lambda: runner.positions() == {})
    assert await digests(newer) == kept
    with pytest.raises(ProjectionBrokenError, match="newer program"):
        await runner.rebuild("gaps")
    await newer.catch_up()
    await assert_all_agree(log, history)


async def test_a_schema_dropped_under_a_runner_is_made_and_filled_again(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = History.of_seed(44)
    await log.append(history.grow(200), history.bodies)
    async with superuser(log) as admin, running(runner):
        await until(is_at_head(runner, log))
        before = await digests(runner)
        for projection in ALL:
            await admin.execute(f"DROP SCHEMA {projection.name} CASCADE")
        await until(lambda: min(runner.positions().values()) < log.position)
        await until(is_at_head(runner, log))
        assert await digests(runner) == before
        for projection in ALL:
            await admin.execute(f"DROP SCHEMA {projection.name} CASCADE")
            await log.append(history.grow(20), history.bodies)
            runner.wake.set()
        await until(is_at_head(runner, log))
    await runner.catch_up()
    await assert_all_agree(log, history)
