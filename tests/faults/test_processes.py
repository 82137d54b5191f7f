"""Whole processes of the service: killed under load, several on one database, on servers that go away."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest_asyncio

from schemas.events import ReservationConsumed
from schemas.values import DocumentId, Position
from service.embedded import EmbeddedNats, EmbeddedPostgres
from service.log.migrating.migrate import migrate
from service.log.postgres_log import PostgresLog
from tests.support.domain.invariants import check_invariants
from tests.support.nats.relays import DEADLINE_SECONDS, STREAM, assert_stream_is_log, stranger
from tests.support.servers.parts import nats_program
from tests.support.service.firms import a_firm
from tests.support.service.service_process import ServiceProcess, services
from tests.support.service.till import INVOICE, Acknowledged, Till
from tests.support.waiting import until

WORKERS = 24
KILLS = 3
BOTH = 2_000


@pytest_asyncio.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client without a bound on connections."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield session


async def assert_the_log_holds(database_url: str, reserved: Acknowledged, issued: Acknowledged) -> None:
    """Assert that the log has every acknowledged number as acknowledged, none twice, and that the equation holds."""
    log = await PostgresLog.open(database_url)
    try:
        check_invariants(await log.read(Position(0), 1_000_000))
        for kept in (reserved, issued):
            assert kept.doubled == []
            for number, document_id in kept.issued.items():
                (stored,) = await log.document(DocumentId(document_id))
                assert isinstance(stored.record.event, ReservationConsumed)
                assert stored.record.event.number == number
    finally:
        await log.close()


async def assert_the_stream_is_the_log(database_url: str, nats_url: str) -> None:
    """Wait until JetStream has every event, in order, sequence equal to position."""
    log = await PostgresLog.open(database_url)
    try:
        async with stranger(nats_url) as jetstream, asyncio.timeout(DEADLINE_SECONDS):
            while (await jetstream.stream_info(STREAM)).state.last_seq < await log.head():
                await asyncio.sleep(0.01)
        await assert_stream_is_log(nats_url, log)
    finally:
        await log.close()


async def work(
    till: Till, locked: str, unlocked: str, reserved: Acknowledged, issued: Acknowledged, rounds: int
) -> None:
    """Reserve and consume on the locked series, issue on the other."""
    for _ in range(rounds):
        tokens = await till.reserve(locked, 3, reserved)
        await till.issue(locked, reserved, tokens[0])
        await till.issue(unlocked, issued)


async def until_more(kept: Acknowledged, count: int) -> None:
    """Wait until this number of further invoices is acknowledged."""
    enough = len(kept.issued) + count
    await until(lambda: len(kept.issued) >= enough, "load before the kill")


async def test_a_killed_process_loses_nothing_it_acknowledged(
    database_url: str, nats_url: str, tmp_path: Path, client: aiohttp.ClientSession
) -> None:
    firm = await a_firm(database_url, tmp_path / "keys.json")
    service = ServiceProcess(tmp_path, database_url, nats_url)
    reserved, issued = Acknowledged(), Acknowledged()
    async with services(service):
        till = Till(client, firm.device_a, lambda: service.base_url)
        locked, unlocked = await till.open_series("LOCK", is_locked=True), await till.open_series("OPEN")
        workers = [
            asyncio.create_task(work(till, locked, unlocked, reserved, issued, rounds=40)) for _ in range(WORKERS)
        ]
        for _ in range(KILLS):
            await until_more(issued, 150)
            service.kill()
            await service.start()
        await asyncio.gather(*workers)
    assert len(issued.issued) == WORKERS * 40
    await assert_the_log_holds(database_url, reserved, issued)


async def test_two_processes_on_one_log_give_every_number_once(
    database_url: str, nats_url: str, tmp_path: Path, client: aiohttp.ClientSession
) -> None:
    firm = await a_firm(database_url, tmp_path / "keys.json")
    both = [ServiceProcess(tmp_path, database_url, nats_url) for _ in range(2)]
    kept = Acknowledged()
    async with services(*both):
        turns = itertools.cycle(both)
        till = Till(client, firm.device_a, lambda: next(turns).base_url)
        series_id = await till.open_series("HOT", is_locked=True)
        jobs = [till.reserve(series_id, 1, kept) if turn % 2 else till.issue(series_id, kept) for turn in range(BOTH)]
        await asyncio.gather(*(jobs))
    numbers = sorted([*kept.reserved, *kept.issued])
    assert numbers == list(range(1, BOTH + 1)), "distinct and contiguous, across both processes"
    await assert_the_log_holds(database_url, kept, kept)


async def test_without_postgres_requests_get_503_and_it_resumes_by_itself(
    nats_url: str, data_dir: Path, tmp_path: Path, client: aiohttp.ClientSession
) -> None:
    with EmbeddedPostgres(data_dir) as postgres:
        await migrate(postgres.url)
        firm = await a_firm(postgres.url, tmp_path / "keys.json")
        service = ServiceProcess(tmp_path, postgres.url, nats_url)
        kept = Acknowledged()
        async with services(service):
            till = Till(client, firm.device_a, lambda: service.base_url)
            series_id = await till.open_series("FACT")
            await till.issue(series_id, kept)
            postgres.kill()
            status, reply = await till.once("POST", "/invoices", INVOICE | {"series_id": series_id})
            assert (status, reply["error"]["code"]) == (503, "service_unavailable")
            await service.until_status("/readyz", 503)
            await service.until_status("/healthz", 200)
            postgres.start()
            await till.issue(series_id, kept)
            await service.until_status("/readyz", 200)
        assert sorted(kept.issued) == list(range(1, max(kept.issued) + 1))
        await assert_the_log_holds(postgres.url, kept, kept)


async def test_without_nats_http_goes_on_and_the_relay_catches_up_in_order(
    database_url: str, data_dir: Path, tmp_path: Path, client: aiohttp.ClientSession
) -> None:
    with EmbeddedNats(data_dir, nats_program()) as nats:
        firm = await a_firm(database_url, tmp_path / "keys.json")
        service = ServiceProcess(tmp_path, database_url, nats.url)
        kept = Acknowledged()
        async with services(service):
            till = Till(client, firm.device_a, lambda: service.base_url)
            series_id = await till.open_series("FACT")
            nats.kill()
            for _ in range(20):
                await till.issue(series_id, kept)
            await service.until_status("/readyz", 200)
            nats.start()
            await till.issue(series_id, kept)
            assert sorted(kept.issued) == list(range(1, 22))
            await assert_the_stream_is_the_log(database_url, nats.url)
