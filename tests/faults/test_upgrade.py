"""A real upgrade, from an earlier commit to this one: both releases work side by side, and nothing is lost or doubled.

It runs where NUMBERING_TEST_PREVIOUS names a commit of this repository; to install that takes long.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from schemas.values import Position
from service.embedded import EmbeddedPostgres
from service.log.postgres_log import PostgresLog
from tests.source.code import ROOT
from tests.support.domain.invariants import check_invariants
from tests.support.servers.directories import server_directory
from tests.support.service.other_release import Release
from tests.support.service.service_process import ServiceProcess
from tests.support.service.till import Acknowledged, Till
from tests.support.waiting import until

PREVIOUS = os.environ.get("NUMBERING_TEST_PREVIOUS")
SESSION = ("--mode", "live", "--device", "till-1", "--name", "Till", "--platform", "android")
WORKERS = 6
START_SECONDS_MAX = 180
AT_LEAST = 60
"""How many documents are issued in each phase of the upgrade."""


class Shop:
    """Tills that work all the time, on whichever processes answer."""

    def __init__(self, session: aiohttp.ClientSession, token: str) -> None:
        self.processes: list[ServiceProcess] = []
        self.kept = Acknowledged()
        turns = itertools.count()
        self.till = Till(session, token, lambda: self.processes[next(turns) % len(self.processes)].base_url)
        self._is_open = True

    @asynccontextmanager
    async def working(self, series_id: str) -> AsyncGenerator[None]:
        """Work until the block ends; then end what was begun."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work(series_id))
            try:
                yield
            finally:
                self._is_open = False

    async def _work(self, series_id: str) -> None:
        while self._is_open:
            await self.till.issue(series_id, self.kept)
            [token] = await self.till.reserve(series_id, 1, self.kept)
            await self.till.issue(series_id, self.kept, token)

    async def some_more(self) -> None:
        """Wait until some more documents are issued, by all processes that answer."""
        before = len(self.kept.issued)
        await until(lambda: len(self.kept.issued) >= before + AT_LEAST, seconds_max=180)


class Upgrade:
    """One installation, on which both releases run."""

    def __init__(self, directory: Path, url: str, nats_url: str) -> None:
        self.old = Release.of_commit(PREVIOUS or "HEAD", directory / "old")
        self.new = Release(ROOT)
        self.data, self.url, self.nats_url = directory / "data", url, nats_url
        self.data.mkdir(mode=0o700)
        self.environment = {"NUMBERING_DATA_DIR": str(self.data), "NUMBERING_DATABASE_URL": url}

    def process(self, release: Release, *arguments: str) -> ServiceProcess:
        """A process of this release, not started."""
        process = ServiceProcess(self.data, self.url, self.nats_url, arguments or ("serve",))
        process.program = [release.program]
        return process

    def firm(self) -> str:
        """The token of a till, made by the old release."""
        firm = self.old.told(self.environment, "firm", "create", "--name", "Corner shop")["firm_id"]
        token: str = self.old.told(self.environment, "session", "create", "--firm", firm, *SESSION)["token"]
        return token


@pytest.fixture
def postgres() -> Iterator[EmbeddedPostgres]:
    """A cluster of the test's own: an earlier release makes its roles in it."""
    with server_directory() as above, EmbeddedPostgres(above / "postgres", {"fsync": "off"}) as running:
        yield running


@pytest.mark.skipif(PREVIOUS is None, reason="NUMBERING_TEST_PREVIOUS names no commit to upgrade from")
async def test_both_releases_work_side_by_side_while_the_schema_is_brought_up(
    tmp_path: Path, postgres: EmbeddedPostgres, nats_url: str
) -> None:
    upgrade = await asyncio.to_thread(Upgrade, tmp_path, postgres.url, nats_url)
    upgrade.old.told(upgrade.environment, "migrate")
    token = upgrade.firm()
    olds = [upgrade.process(upgrade.old), upgrade.process(upgrade.old, "serve", "--web-only")]
    news = [upgrade.process(upgrade.new), upgrade.process(upgrade.new, "serve", "--web-only")]
    try:
        async with aiohttp.ClientSession() as session:
            shop = Shop(session, token)
            for process in olds:
                await started(process)
                shop.processes.append(process)
            series_id = await shop.till.open_series("FACT", is_locked=True)
            async with shop.working(series_id):
                await shop.some_more()
                await bring_up(upgrade)
                await shop.some_more()
                for old, new in zip(olds, news, strict=True):
                    await started(new)
                    shop.processes.append(new)
                    await shop.some_more()
                    shop.processes.remove(old)
                    old.stop()
                    await shop.some_more()
            assert_accounted_for(shop)
            await assert_true(upgrade, series_id)
            await assert_the_old_release_says_whether_it_may_come_back(upgrade)
    finally:
        for process in (*olds, *news):
            if process.is_running:
                process.kill()


async def started(process: ServiceProcess) -> None:
    """Start it and wait until it is ready; a tree that was just unpacked has to be compiled first."""
    process.spawn()
    await process.until_status("/readyz", 200, START_SECONDS_MAX)


async def bring_up(upgrade: Upgrade) -> None:
    """`migrate` of the new release, while the old one works; its plan says what it then does."""
    planned = await asyncio.to_thread(upgrade.new.told, upgrade.environment, "migrate", "--plan", "--json")
    assert planned["schema"] == upgrade.old.schema
    done = await asyncio.to_thread(upgrade.new.told, upgrade.environment, "migrate")
    assert done["migrated"] == [step["name"] for step in planned["pending"]]


def assert_accounted_for(shop: Shop) -> None:
    """Assert that the numbers of all tills are 1 to n, each on one document."""
    assert shop.kept.doubled == []
    assert sorted(shop.kept.issued) == list(range(1, len(shop.kept.issued) + 1))


async def assert_true(upgrade: Upgrade, series_id: str) -> None:
    """Assert that the log is true, and that projections and log agree, as the new release sees it."""
    log = await PostgresLog.open(upgrade.url)
    try:
        check_invariants(await log.read(Position(0), 1_000_000))
    finally:
        await log.close()
    told = await asyncio.to_thread(upgrade.new.run, upgrade.environment, "gaps", "--json")
    assert told.exit_code == 0, told.stderr
    assert series_id in told.stdout
    rebuilt = await asyncio.to_thread(upgrade.new.run, upgrade.environment, "rebuild", "all")
    assert rebuilt.exit_code == 0, rebuilt.stdout + rebuilt.stderr
    checked = await asyncio.to_thread(upgrade.new.run, upgrade.environment, "check")
    assert checked.exit_code == 0, checked.stdout + checked.stderr


async def assert_the_old_release_says_whether_it_may_come_back(upgrade: Upgrade) -> None:
    """It starts where no migration ran, or all that ran let it; otherwise it says which release is needed."""
    back = upgrade.process(upgrade.old, "serve", "--web-only")
    knows_notes = "runs_with" in (upgrade.old.tree / "service/log/migrating/schema_fit.py").read_text("utf-8")
    planned = await asyncio.to_thread(upgrade.new.told, upgrade.environment, "migrate", "--plan", "--json")
    assert planned["pending"] == []
    if upgrade.old.schema == upgrade.new.schema or knows_notes:
        await started(back)
        back.stop()
        return
    for arguments in (("migrate",), ("serve", "--web-only")):
        told = await asyncio.to_thread(upgrade.old.run, upgrade.environment, *arguments)
        assert told.exit_code == 1
        assert "newer release" in told.stderr, told.stderr
