"""PgBouncer in front of PostgreSQL: whole sessions work as without it, anything less is refused in a sentence."""

import asyncio
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from schemas.values import Position
from service.cli.screen.operator_errors import sentence_for
from service.log.event_log import LogUnavailableError
from service.log.migrating.migrate import migrate
from service.log.postgres_log import PostgresLog
from service.log.sessions import NotOurSessionError, connected
from tests.support.domain.invariants import check_invariants
from tests.support.servers.pgbouncer import PROGRAM, pgbouncer
from tests.support.service.firms import a_firm
from tests.support.service.service_process import ServiceProcess, services
from tests.support.service.till import Acknowledged, Till

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed")

CALLERS, ROUNDS = 8, 25
OTHERS, TRIES = 4, 20


@pytest.mark.parametrize("mode", ["transaction", "statement"])
async def test_a_session_that_is_shared_is_refused_in_a_sentence(database_url: str, data_dir: Path, mode: str) -> None:
    async with pgbouncer(database_url, data_dir, mode) as between:
        for ask in (lambda: migrate(between.url), lambda: PostgresLog.open(between.url)):
            with pytest.raises((NotOurSessionError, LogUnavailableError)) as caught:
                await ask()
            assert "pool_mode = session" in (sentence_for(caught.value) or str(caught.value))


async def test_it_is_refused_while_others_use_the_pooler(database_url: str, data_dir: Path) -> None:
    """Then the probes are given other sessions than ours, and ours is another one each time."""
    async with pgbouncer(database_url, data_dir, "transaction") as between, asyncio.TaskGroup() as group:

        async def use() -> None:
            other = await asyncpg.connect(between.url, statement_cache_size=0)
            while True:
                await other.execute("SELECT 1")

        others = [group.create_task(use()) for _ in range(OTHERS)]
        try:
            for _ in range(TRIES):
                with pytest.raises(NotOurSessionError):
                    async with connected(between.url, "numbering_reader", "numbering"):
                        pytest.fail("it was used")
        finally:
            for each in others:
                each.cancel()


async def test_a_pool_that_is_too_small_to_tell_says_so(database_url: str, data_dir: Path) -> None:
    async with pgbouncer(database_url, data_dir, "session", sessions=1) as between:
        with pytest.raises(NotOurSessionError, match="has no session left for 2 more callers"):
            async with connected(between.url, "numbering_reader", "numbering"):
                pytest.fail("it was used")


async def test_through_whole_sessions_all_is_as_without_it_and_nothing_is_lost_when_it_dies(
    database_url: str, nats_url: str, data_dir: Path, tmp_path: Path
) -> None:
    firm = await a_firm(database_url, tmp_path / "keys.json")
    kept = Acknowledged()
    async with pgbouncer(database_url, data_dir, "session") as between:
        await migrate(between.url)
        service = ServiceProcess(tmp_path, between.url, nats_url)
        async with services(service), aiohttp.ClientSession() as client:
            till = Till(client, firm.device_a, lambda: service.base_url)
            series_id = await till.open_series("FACT")

            async def start_again() -> None:
                between.kill()
                await between.start()

            await till.issue_through(series_id, kept, start_again, callers=CALLERS, rounds=ROUNDS)
            await service.until_status("/readyz", 200)

        log = await PostgresLog.open(between.url)
        check_invariants(await log.read(Position(0), 1_000_000))
        await log.close()
    assert kept.doubled == []
    assert sorted(kept.issued) == list(range(1, CALLERS * ROUNDS + 1))
