"""A report is of one moment, even if events are written or applied or copies swapped between two of its statements."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from projections.keeping import copies
from projections.keeping.connections import connected
from projections.keeping.one_moment import from_projections
from projections.keeping.runner import ProjectionRunner
from projections.models.gaps.gaps import GAPS
from schemas.api.reports import GapReport
from schemas.values import DeviceId
from service.cli.auditing.gap_reports import reports_of_one_moment
from tests.projections.conftest import WrittenLog
from tests.projections.histories import History
from tests.projections.test_agreement import replay_of

TILL = DeviceId("till-1")


class Interrupted(asyncpg.Connection):
    """A connection that calls `between`, once it is set, before each of its statements."""

    between: Callable[[], Awaitable[None]] | None = None

    async def fetch(self, *args: Any, **options: Any) -> Any:
        await self._interrupt()
        return await super().fetch(*args, **options)

    async def fetchrow(self, *args: Any, **options: Any) -> Any:
        await self._interrupt()
        return await super().fetchrow(*args, **options)

    async def fetchval(self, *args: Any, **options: Any) -> Any:
        await self._interrupt()
        return await super().fetchval(*args, **options)

    async def _interrupt(self) -> None:
        if self.between is not None:
            await self.between()


@asynccontextmanager
async def interrupted(log: WrittenLog, between: Callable[[], Awaitable[None]]) -> AsyncGenerator[Interrupted]:
    connection = await asyncpg.connect(
        log.database_url, connection_class=Interrupted, server_settings={"role": "numbering_reader"}
    )
    try:
        connection.between = between
        yield connection
    finally:
        await connection.close()


def three_series() -> History:
    history = History.of_seed(41)
    for _ in range(3):
        history.open(start_number=1)
        release_a_number(history)
    return history


def release_a_number(history: History) -> None:
    """Make one more gap in every series."""
    for series in history.series:
        number = series.next
        history.release(series, history.reserve(series, 1, TILL), number)


def assert_of_one_moment(reports: list[GapReport], history: History) -> None:
    (position,) = {report.as_of.position for report in reports}
    then = replay_of([record for record in history.records if record.position <= position])
    assert [report.series_id for report in reports] == [series.series_id for series in history.series]
    for report in reports:
        assert report.data == then.gaps(report.series_id)
        assert report.equation == then.equation(report.series_id)


async def test_gap_reports_are_of_one_moment_while_the_projections_move_on(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    history = three_series()
    await log.append(history.records)
    await runner.catch_up()

    async def go_on() -> None:
        release_a_number(history)
        await log.append(history.records[log.position :])
        await runner.catch_up()

    async with interrupted(log, go_on) as connection:
        assert_of_one_moment(await reports_of_one_moment(connection, None, None, None), history)


async def test_gap_reports_are_of_one_moment_while_the_log_that_is_folded_grows(log: WrittenLog) -> None:
    history = three_series()
    await log.append(history.records)

    async def go_on() -> None:
        release_a_number(history)
        await log.append(history.records[log.position :])

    async with interrupted(log, go_on) as connection:
        assert_of_one_moment(await reports_of_one_moment(connection, None, None, None), history)


async def test_a_series_the_projections_do_not_know_yet_is_reported(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = three_series()
    await log.append(history.records)
    await runner.catch_up()
    history.open(start_number=1)
    await log.append(history.records[log.position :])
    reports = await reports_of_one_moment(log.reader, history.firm_id, None, None)
    assert_of_one_moment(reports, history)
    assert reports[0].as_of.position == log.position


async def test_the_reports_of_one_series_are_found_by_its_id_or_name(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = three_series()
    await log.append(history.records)
    for _ in range(2):
        for named in (None, "S1", "unknown"):
            reports = await reports_of_one_moment(log.reader, None, named, None)
            assert [report.series_name for report in reports] == (
                ["S0", "S1", "S2"] if named is None else [] if named == "unknown" else ["S1"]
            )
        await runner.catch_up()


async def test_what_was_read_of_a_copy_that_is_swapped_meanwhile_is_no_answer(
    log: WrittenLog, runner: ProjectionRunner
) -> None:
    await log.append(three_series().records)
    await runner.catch_up()

    async def read() -> int:
        found: int = await log.reader.fetchval("SELECT count(*) FROM gaps.gap")
        return found

    async def read_and_swap() -> int:
        found = await read()
        async with connected(log.database_url) as connection, connection.transaction():
            await copies.create(connection, copies.rebuilt(GAPS))
            await copies.rename(connection, copies.live(GAPS), copies.retired(GAPS))
            await copies.rename(connection, copies.rebuilt(GAPS), copies.live(GAPS))
        return found

    assert await from_projections(log.reader, ["counters", "gaps"], read, is_waiting=False) is not None
    assert await from_projections(log.reader, ["counters", "gaps"], read_and_swap, is_waiting=False) is None
    assert await from_projections(log.reader, ["counters", "gaps"], read, is_waiting=False) == 0


async def test_a_copy_that_is_not_there_answers_nothing(log: WrittenLog, runner: ProjectionRunner) -> None:
    await runner.catch_up()

    async def read() -> int:
        return 1

    assert await from_projections(log.reader, ["counters", "gaps"], read, is_waiting=False) == 1
    assert await from_projections(log.reader, ["counters", "unknown"], read, is_waiting=False) is None
