"""What an operator does after a restore from an older copy, up to the next number (CONTRACT.md D97)."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest_asyncio

from projections.keeping.every import ALL
from projections.keeping.runner import ProjectionRunner
from schemas.events import NumbersLost
from schemas.record import StoredRecord, decode_record
from schemas.values import DEFAULT_LOG, Number, Position
from service.access.key_file import ensure
from service.health import Check
from service.log.adoption import adopt
from service.log.postgres_log import PostgresLog
from service.readiness import history_health
from tests.support.domain.invariants import check_invariants
from tests.support.nats.relays import assert_stream_is_log, messages, reached, relaying
from tests.support.service.client import Api, Options
from tests.support.service.command_line import printed, run_apart
from tests.support.service.restored_service import MISSING, LostTail, a_lost_tail, signs_of_loss
from tests.support.service.service_process import ServiceProcess, services
from tests.support.waiting import until


@pytest_asyncio.fixture
async def lost(database_url: str, database_admin: asyncpg.Connection, tmp_path: Path) -> AsyncIterator[LostTail]:
    """A restored log."""
    async with a_lost_tail(database_admin, database_url, tmp_path) as found:
        yield found


async def command(lost: LostTail, *arguments: str) -> Any:
    """What `numbering ARGUMENTS` prints, beside the running service."""
    environment = os.environ | {
        "NUMBERING_DATABASE_URL": lost.restored_url,
        "NUMBERING_DATA_DIR": str(lost.directory),
    }
    return printed(await asyncio.to_thread(run_apart, arguments, environment))


async def readiness(api: Api) -> dict[str, str]:
    async with api.session.get(f"{api.base_url}/readyz") as response:
        assert response.status == 200, "a sign halts nothing"
        parts: dict[str, str] = (await response.json())["data"]["parts"]
        return parts


async def until_history_is(api: Api, wanted: str) -> None:
    """Readiness may say for a second what was true before."""

    async def is_said() -> bool:
        return (await readiness(api))["history"] == wanted

    await until(is_said, f"the history being {wanted}")


async def metric(api: Api, name: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(f"{api.base_url}/metrics") as response:
        (line,) = [line for line in (await response.text()).splitlines() if line.startswith(name)]
        return line.split()[1]


async def records_of(url: str) -> list[StoredRecord]:
    log = await PostgresLog.open(url)
    try:
        return await log.read(Position(0), 1000)
    finally:
        await log.close()


async def test_from_the_first_sign_to_the_next_number(lost: LostTail) -> None:
    """With no NATS at all: the till shows what it printed, and the operator steps over it."""
    checks: dict[str, Check] = {}
    async with lost.api(Options(checks=checks)) as api:
        checks["history"] = history_health(api.dependencies.lost_history, api.dependencies.writer.known)
        assert await readiness(api) == {"history": "ok"}
        assert (await lost.consume(api, lost.lost[2])).refusal == MISSING
        await until_history_is(api, "degraded")
        assert await metric(api, "numbering_lost_history_tokens_total") == "1.0"

        report = await command(lost, "advance", "--series", "TILL", "--to", "13", "--reason", "restored a copy")
        assert (report["numbers_lost"], report["series"][0]["next_number"]) == (3, 14)
        await until_history_is(api, "ok")

        (honest,) = await lost.reserve(api, 1)
        assert (await lost.consume(api, honest)).data["number_idx"] == 14
        assert (await lost.consume(api, lost.kept[4])).data["number_idx"] == 5
        assert [(await lost.consume(api, token)).refusal for token in lost.lost] == [MISSING] * 3
        assert signs_of_loss(api) == 4
        await lost_numbers_are_explained(api, lost)
    check_invariants(await records_of(lost.restored_url))


async def lost_numbers_are_explained(api: Api, lost: LostTail) -> None:
    key, series = lost.firm.live_key, f"/invoice-series/{lost.series_id}"
    report = (await api.get(f"{series}/gaps", key)).data
    (gap,) = report["data"]
    assert (gap["first"], gap["last"], gap["reason"], gap["reason_text"]) == (11, 13, "lost", "restored a copy")
    assert report["equation"]["lost"] == 3
    assert report["equation"]["taken"] == sum(count for term, count in report["equation"].items() if term != "taken")
    (found,) = (await api.get(f"{series}/numbers?fate=lost", key)).data["data"]
    assert (found["first"], found["last"], found["fate"], found["device_id"]) == (11, 13, "lost", None)
    story = (await api.get(f"{series}/numbers/12", key)).data
    assert (story["fate"], story["invoice_id"], story["expires_at"]) == ("lost", None, None)
    assert [event["type"] for event in story["events"]] == ["numbers-lost/1"]
    assert story["reserved_at"] == story["ended_at"] == gap["ended_at"]


async def test_beside_an_empty_stream_subscribers_learn_what_was_lost(lost: LostTail, nats_url: str) -> None:
    await command(lost, "advance", "--series", "TILL", "--to", "13", "--reason", "restored a copy")
    log = await PostgresLog.open(lost.restored_url)
    try:
        head = await log.head()
        async with relaying(log, nats_url) as relay:
            await reached(relay, head)
        await assert_stream_is_log(nats_url, log)
    finally:
        await log.close()
    last = (await messages(nats_url))[-1]
    assert last.subject.startswith("numbering.v1.events.")
    assert "numbers-lost" in last.subject
    assert decode_record(last.data).event == NumbersLost(Number(11), Number(13), "restored a copy")


async def test_beside_a_whole_stream_adopted_tokens_open_to_their_own_numbers_again(lost: LostTail) -> None:
    """The block comes back with its event, and with it everything that its tokens are bound to."""
    went_on = await records_of(lost.url)
    copy = len(await records_of(lost.restored_url))
    await adopt(lost.restored_url, DEFAULT_LOG, Position(copy), went_on[copy:])
    async with lost.api() as api:
        assert [(await lost.consume(api, token)).data["number_idx"] for token in lost.lost] == [11, 12, 13]
        assert signs_of_loss(api) == 0
    check_invariants(await records_of(lost.restored_url))


async def test_projections_that_followed_are_what_a_rebuild_makes(lost: LostTail) -> None:
    runner = ProjectionRunner(lost.restored_url)
    await runner.catch_up()
    await command(lost, "advance", "--series", "TILL", "--to", "13", "--reason", "restored a copy")
    async with lost.api() as api:
        for token in lost.kept:
            await lost.consume(api, token)
    await runner.catch_up()
    followed = {projection.name: await runner.digest(projection.name) for projection in ALL}
    for projection in ALL:
        await runner.rebuild(projection.name)
    assert {projection.name: await runner.digest(projection.name) for projection in ALL} == followed


async def test_a_process_of_the_service_says_how_its_history_is(
    database_url: str, nats_url: str, tmp_path: Path
) -> None:
    ensure(tmp_path / "keys.json")
    process = ServiceProcess(tmp_path, database_url, nats_url)
    async with (
        services(process),
        aiohttp.ClientSession() as session,
        session.get(f"{process.base_url}/readyz") as response,
    ):
        assert (await response.json())["data"]["parts"]["history"] == "ok"
