"""A projection that cannot go on is stopped alone and logged once; after a rebuild the runner follows it again."""

from collections.abc import Sequence

import asyncpg
import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from projections.keeping.every import ALL
from projections.keeping.projection_faults import CopyBrokenError
from projections.keeping.runner import ProjectionRunner
from projections.models.projection import Addition, Found, Projection, Write
from schemas.record import Record
from tests.projections.conftest import WrittenLog
from tests.projections.histories import History
from tests.projections.test_rebuild import LEFTOVERS
from tests.projections.test_runner import assert_all_agree, is_at_head, running, superuser
from tests.support.waiting import until


async def spoil_the_register(log: WrittenLog) -> None:
    """Delete the rows of the register that the next events need."""
    async with superuser(log) as admin:
        await admin.execute("DELETE FROM register.ending")
        await admin.execute("DELETE FROM register.block")


def others_are_at_head(runner: ProjectionRunner, log: WrittenLog, stopped: str) -> bool:
    return {position for name, position in runner.positions().items() if name != stopped} == {log.position}


async def test_a_broken_projection_stops_alone_and_goes_on_after_a_forced_rebuild(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = History.of_seed(51)
    await log.append(history.grow(200), history.bodies)
    with capture_logs() as lines:
        async with running(runner):
            await until(is_at_head(runner, log))
            assert runner.stopped() == set()
            await spoil_the_register(log)
            for _ in range(5):
                await log.append(history.grow(60), history.bodies)
                runner.wake.set()
                await until(lambda: others_are_at_head(runner, log, "register"))
            assert runner.stopped() == {"register"}
            assert runner.lag()["register"] > 0
            await assert_all_agree(log, history)  # it was made from the log

            assert (await ProjectionRunner(log.database_url).rebuild("register", is_forced=True)).is_swapped
            await until(is_at_head(runner, log))
            assert runner.stopped() == set()
    told = [line["projection"] for line in lines if line["log_level"] == "error"]
    assert told == ["register"]
    await assert_all_agree(log, history)
    assert await log.reader.fetch(LEFTOVERS) == []


async def test_what_a_document_says_is_not_told_of_a_broken_projection(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = History.of_seed(56)
    await log.append(history.grow(100), history.bodies)
    await runner.catch_up()
    async with superuser(log) as admin:
        await admin.execute("ALTER TABLE invoices.invoice ADD CONSTRAINT nothing_goes CHECK (false) NOT VALID")
    await log.append(history.grow(100), history.bodies)
    with pytest.raises(CopyBrokenError, match="nothing_goes") as broken:
        await runner.catch_up()
    assert isinstance(broken.value.__cause__, asyncpg.CheckViolationError)
    assert "Failing row" in str(broken.value.__cause__)
    assert "Failing row" not in str(broken.value)


async def test_a_broken_projection_ends_a_catching_up(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = History.of_seed(52)
    await log.append(history.grow(200), history.bodies)
    await runner.catch_up()
    await spoil_the_register(log)
    await log.append(history.grow(200), history.bodies)
    with pytest.raises(CopyBrokenError, match="register cannot take positions"):
        await runner.catch_up()


async def test_a_copy_without_a_checkpoint_stops_alone(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = History.of_seed(53)
    await log.append(history.grow(100), history.bodies)
    await runner.catch_up()
    async with superuser(log) as admin:
        await admin.execute("DROP TABLE gaps.checkpoint")
        await log.append(history.grow(100), history.bodies)
        async with running(runner):
            await until(lambda: others_are_at_head(runner, log, "gaps"))
            assert runner.stopped() == {"gaps"}
            await admin.execute("DROP SCHEMA gaps CASCADE")
            await until(is_at_head(runner, log))
            assert runner.stopped() == set()
    await assert_all_agree(log, history)


async def test_a_copy_without_a_checkpoint_is_made_anew_by_force(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = History.of_seed(57)
    await log.append(history.grow(100), history.bodies)
    async with superuser(log) as admin, running(runner):
        await until(is_at_head(runner, log))
        await admin.execute("DROP TABLE gaps.checkpoint")
        await log.append(history.grow(100), history.bodies)
        runner.wake.set()
        await until(lambda: runner.stopped() == {"gaps"})
        with pytest.raises(CopyBrokenError, match="numbering rebuild gaps --force"):
            await ProjectionRunner(log.database_url).rebuild("gaps")
        forced = await ProjectionRunner(log.database_url).rebuild("gaps", is_forced=True)
        assert (forced.is_swapped, forced.is_same, forced.position) == (True, False, log.position)
        await log.append(history.grow(100), history.bodies)
        await until(is_at_head(runner, log))
        assert runner.stopped() == set()
    await assert_all_agree(log, history)
    assert await log.reader.fetch(LEFTOVERS) == []


async def test_a_copy_ahead_of_the_log_stops_alone_and_is_made_anew_by_force(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = History.of_seed(58)
    await log.append(history.grow(100), history.bodies)
    async with superuser(log) as admin, running(runner):
        await until(is_at_head(runner, log))
        before = await runner.digest("gaps")
        await admin.execute("UPDATE gaps.checkpoint SET position = position + 1000")
        with pytest.raises(CopyBrokenError, match="gaps is at"):
            await ProjectionRunner(log.database_url).rebuild("gaps")
        assert (await ProjectionRunner(log.database_url).rebuild("gaps", is_forced=True)).is_swapped
        assert await runner.digest("gaps") == before

        await until(is_at_head(runner, log))
        await admin.execute("UPDATE gaps.checkpoint SET position = position + 1000")
        await log.append(history.grow(100), history.bodies)
        runner.wake.set()
        await until(lambda: others_are_at_head(runner, log, "gaps"))
        assert runner.stopped() == {"gaps"}
        assert (await ProjectionRunner(log.database_url).rebuild("gaps", is_forced=True)).is_swapped
        await until(lambda: runner.stopped() == set())
        await until(is_at_head(runner, log))
    await assert_all_agree(log, history)
    assert await log.reader.fetch(LEFTOVERS) == []


async def test_a_defect_in_one_projection_stops_that_one(log: WrittenLog) -> None:
    history = History.of_seed(54)
    await log.append(history.grow(100), history.bodies)
    runner = ProjectionRunner(log.database_url, projections=[_defective("counters"), *_without("counters")])
    with capture_logs() as lines:
        async with running(runner):
            await until(lambda: others_are_at_head(runner, log, "counters"))
            assert runner.stopped() == {"counters"}
    (told,) = [line["error"] for line in lines if line["log_level"] == "error"]
    assert "KeyError in _fail, line" in told
    await assert_all_agree(log, history)


async def test_a_copy_that_cannot_be_renewed_stays_and_the_others_go_on(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = History.of_seed(55)
    await log.append(history.grow(100), history.bodies)
    await runner.catch_up()
    kept = await runner.digest("counters")
    newer = replace(_defective("counters"), version=99)
    following = ProjectionRunner(log.database_url, projections=[newer, *_without("counters")])
    async with running(following):
        await until(lambda: following.stopped() == {"counters"})
        await log.append(history.grow(100), history.bodies)
        await until(lambda: others_are_at_head(following, log, "counters"))
        assert await runner.digest("counters") == kept
    await runner.catch_up()
    await assert_all_agree(log, history)


async def test_an_older_copy_without_a_checkpoint_is_given_up_and_made_anew_by_force(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = History.of_seed(59)
    await log.append(history.grow(100), history.bodies)
    await runner.catch_up()
    async with superuser(log) as admin:
        await admin.execute("DROP TABLE gaps.checkpoint")
        await admin.execute("COMMENT ON SCHEMA gaps IS NULL")
    with capture_logs() as lines:
        async with running(runner):
            await until(lambda: runner.stopped() == {"gaps"})
            assert (await ProjectionRunner(log.database_url).rebuild("gaps", is_forced=True)).is_swapped
            await until(lambda: runner.stopped() == set())
            await log.append(history.grow(100), history.bodies)
            await until(is_at_head(runner, log))
    told = [line["event"] for line in lines if line["log_level"] == "error"]
    assert told == ["a projection cannot be renewed"]
    await assert_all_agree(log, history)
    assert await log.reader.fetch(LEFTOVERS) == []


def _without(name: str) -> list[Projection]:
    return [projection for projection in ALL if projection.name != name]


def _defective(name: str) -> Projection:
    (found,) = (projection for projection in ALL if projection.name == name)
    return replace(found, collapse=_fail)


def _fail(_records: Sequence[Record], _found: Found) -> list[Write | Addition]:
    raise KeyError("a defect")
