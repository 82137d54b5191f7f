"""Reports that read a whole series wait for each other, and no other request waits for them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg

from schemas.values import FirmId
from service.api.admission.turns import FOLDS_MAX
from service.api.reports.kept_or_folded import READ_WAIT_SECONDS_MAX
from tests.support.service.client import Answer, Api
from tests.support.waiting import until

REPORTS = 6


@asynccontextmanager
async def locked_table(database_url: str, table: str) -> AsyncGenerator[None]:
    """Make every session that reads the table wait for the life of the block."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def test_one_report_of_a_firm_is_folded_at_a_time_and_the_others_may_be_repeated(
    api: Api, database_url: str
) -> None:
    series_id = await api.a_series()
    document_id = (await api.issue()).data["id"]
    path = f"/invoice-series/{series_id}"
    paths = (f"{path}/numbers?as_of_position=2", f"{path}/gaps?as_of_position=2")
    async with locked_table(database_url, "log.stream"):
        reports = [asyncio.create_task(api.get(paths[turn % 2])) for turn in range(REPORTS)]
        await until(lambda: sum(report.done() for report in reports) == REPORTS - 1)
        assert readers(api) == 1
        assert (await api.get(f"/invoices/{document_id}/history")).status == 200
    answers = await asyncio.gather(*reports)
    assert sorted(answer.status for answer in answers) == [200] + [503] * (REPORTS - 1)
    for answer in answers:
        if answer.status == 503:
            assert_told_to_come_again(answer)
    assert [(await api.get(each)).status for each in paths] == [200, 200]


async def test_a_firm_that_asks_for_many_reports_leaves_a_turn_to_the_others(api: Api, database_url: str) -> None:
    other = api.other_firm.live_key
    path = f"/invoice-series/{await api.a_series()}/gaps?as_of_position=2"
    body = {"name": "B", "document_type": "fiscal"}
    other_id = (await api.post("/invoice-series", body, other)).data["id"]
    async with locked_table(database_url, "log.stream"):
        reports = [asyncio.create_task(api.get(path)) for _ in range(REPORTS)]
        await until(lambda: readers(api) == 1)
        others = asyncio.create_task(api.get(f"/invoice-series/{other_id}/gaps?as_of_position=2", other))
        await until(lambda: readers(api) == FOLDS_MAX)
        await until(lambda: sum(report.done() for report in reports) == REPORTS - 1)
        assert not others.done()
    assert (await others).status == 200
    assert 200 in {answer.status for answer in await asyncio.gather(*reports)}


async def test_a_report_of_the_present_and_the_story_of_a_number_wait_for_folds_too(
    api: Api, database_url: str
) -> None:
    """There are no projections in this test, so both are made from the log."""
    series_id = await api.a_series()
    await api.issue()
    path = f"/invoice-series/{series_id}"
    each_path = (f"{path}/numbers", f"{path}/gaps", f"{path}/numbers/1")
    async with AsyncExitStack() as held:
        for turn in range(FOLDS_MAX):
            await held.enter_async_context(api.dependencies.folds.turn(FirmId(f"firm-{turn}"), READ_WAIT_SECONDS_MAX))
        asked_at = asyncio.get_running_loop().time()
        for answer in await asyncio.gather(*map(api.get, each_path)):
            assert_told_to_come_again(answer)
        assert asyncio.get_running_loop().time() - asked_at >= READ_WAIT_SECONDS_MAX == 3
    for each in each_path:
        assert (await api.get(each)).status == 200


async def test_a_report_that_gets_no_connection_is_refused_and_may_be_repeated(api: Api) -> None:
    series_id = await api.a_series()
    reads = api.dependencies.reads
    held = [await reads.acquire() for _ in range(reads.get_max_size())]
    answer = await asyncio.wait_for(api.get(f"/invoice-series/{series_id}/gaps"), 20)
    assert_told_to_come_again(answer)
    for connection in held:
        await reads.release(connection)
    assert (await api.get(f"/invoice-series/{series_id}/gaps")).status == 200


def readers(api: Api) -> int:
    """How many connections to the projections are in use."""
    return api.dependencies.reads.get_size() - api.dependencies.reads.get_idle_size()


def assert_told_to_come_again(answer: Answer) -> None:
    assert answer.refusal == (503, "service_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
