"""A process of this release beside the next one, which writes events that this one does not know."""

import asyncio
import json
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from schemas.record import UnknownEventError, decode_record
from schemas.values import Position
from service.access.key_file import ensure
from service.checking.rounds import one_round
from service.configuration.settings import Settings
from service.log.event_log import NewerReleaseError
from service.log.migrating.migrate import migrate
from service.log.postgres_log import PostgresLog
from tests.support.domain.batches import a_batch, a_working_day, an_answer
from tests.support.domain.commands import a_content
from tests.support.domain.newer_release import TAG, next_release, write_newer_event
from tests.support.nats.relays import DEADLINE_SECONDS, STREAM, stranger
from tests.support.service.command_line import refused, run_here
from tests.support.service.firms import a_firm
from tests.support.service.service_process import ServiceProcess, services
from tests.support.service.till import Acknowledged, Till


async def test_a_process_that_meets_an_event_of_a_newer_release_stops_answering_and_says_so(
    tmp_path: Path, database_url: str, nats_url: str
) -> None:
    """It starts on the schema of the next release, works, and neither writes nor shows anything after that event."""
    await migrate(database_url, next_release())
    ensure(tmp_path / "keys.json")
    firm = await a_firm(database_url, tmp_path / "keys.json")
    process = ServiceProcess(tmp_path, database_url, nats_url)
    async with services(process), aiohttp.ClientSession() as session:
        till, kept = Till(session, firm.device_a, lambda: process.base_url), Acknowledged()
        series_id = await till.open_series("FACT", is_locked=True)
        await till.issue(series_id, kept)

        head = await write_newer_event(database_url)
        assert [await status_of(till, series_id) for _ in range(2)] == [503, 503]
        status, reply = await till.once("GET", "/invoice-series")
        assert (status, reply["error"]["code"]) == (503, "service_unavailable")
        assert "This process is older than what it has to read. Nothing was done." in reply["error"]["message"]
        await process.until_status("/readyz", 503)
        async with session.get(f"{process.base_url}/readyz") as ready:
            told = (await ready.json())["error"]["message"]
        assert f"log (event {head} is of type {TAG}, which this release does not know" in told
        assert f"is of type {TAG}, which this release does not know" in process.said()
        assert await head_of(database_url) == head
        await published(nats_url, head)
    again = ServiceProcess(tmp_path, database_url, nats_url, ("serve", "--web-only"))
    again.spawn()
    assert await asyncio.to_thread(again.wait) == 1
    assert f"Error: event {head} is of type {TAG}" in again.said()


async def status_of(till: Till, series_id: str) -> int:
    """The status of a request that would write."""
    status, _ = await till.once("POST", f"/invoice-series/{series_id}/reserve-numbers", {"count": 1})
    return status


async def head_of(database_url: str) -> int:
    """Where the log ends."""
    log = await PostgresLog.open(database_url)
    try:
        return await log.head()
    finally:
        await log.close()


async def published(nats_url: str, head: int) -> None:
    """Wait until the relay, which passes events on without reading them, has published up to `head`."""
    async with stranger(nats_url) as jetstream, asyncio.timeout(DEADLINE_SECONDS):
        while (await jetstream.stream_info(STREAM)).state.last_seq < head:
            await asyncio.sleep(0.01)
        message = await jetstream.get_msg(STREAM, seq=head)
    assert json.loads(message.data or b"")["event"] == {"type": TAG, "to": "elsewhere"}


async def a_log_of_both_releases(database_url: str, tmp_path: Path) -> None:
    """A log that ends in an event of the next release."""
    await migrate(database_url, next_release())
    ensure(tmp_path / "keys.json")
    log = await PostgresLog.open(database_url)
    try:
        await log.append(Position(0), a_batch(a_working_day().records, [a_content()], [an_answer()]))
    finally:
        await log.close()
    await write_newer_event(database_url)


async def test_commands_say_which_event_they_do_not_know(tmp_path: Path, database_url: str) -> None:
    await a_log_of_both_releases(database_url, tmp_path)
    environment = {"NUMBERING_DATABASE_URL": database_url, "NUMBERING_DATA_DIR": str(tmp_path)}
    for arguments in (("replay",), ("gaps",), ("rebuild", "all"), ("check",)):
        told = refused(await asyncio.to_thread(run_here, arguments, environment))
        assert f"is of type {TAG}, which this release does not know" in told, arguments


async def test_an_answer_of_a_newer_release_is_said_to_be_one(database_url: str) -> None:
    admin = await asyncpg.connect(database_url)
    log = await PostgresLog.open(database_url)
    try:
        keep = "INSERT INTO log.answer VALUES ($1, 1, $1, $2, 1)"
        await admin.execute(keep, b"k" * 32, '{"type":"moved"}')
        with pytest.raises(NewerReleaseError, match="kind moved, which this release does not know"):
            await log.answer(b"k" * 32)
    finally:
        await log.close()
        await admin.close()


async def test_the_self_check_calls_no_event_of_a_newer_release_rewritten(tmp_path: Path, database_url: str) -> None:
    """But it does, if no migration of this database knows the type."""
    await a_log_of_both_releases(database_url, tmp_path)
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    with pytest.raises(UnknownEventError):
        [step async for step in one_round(settings)]
    admin = await asyncpg.connect(database_url)
    try:
        await admin.execute("ALTER TABLE log.event_type DISABLE TRIGGER ALL")
        await admin.execute("DELETE FROM log.event_type WHERE tag = $1", TAG)
    finally:
        await admin.close()
    faults = [fault async for step in one_round(settings) for fault in step.faults]
    assert "event_unreadable" in {fault.kind for fault in faults}


def test_a_record_that_no_release_wrote_is_no_event_of_a_newer_one() -> None:
    for text in ('{"position":1}', '{"position":1,"event":{"type":"series-opened/1"}}'):
        with pytest.raises(ValueError, match="missing required field") as refusal:
            decode_record(text)
        assert not isinstance(refusal.value, UnknownEventError)
