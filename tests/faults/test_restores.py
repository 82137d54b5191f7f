"""No process issues before the ends were compared: a database that was restored from an older copy, and its processes.

DESIGN.md section 6 has the table of what is decided.
"""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from schemas.values import Position
from service.log.postgres_log import PostgresLog
from tests.support.domain.invariants import check_invariants
from tests.support.nats.relays import DEADLINE_SECONDS, STREAM, stranger
from tests.support.servers.databases import database, with_database
from tests.support.service.command_line import Outcome, printed, refused, run_apart
from tests.support.service.firms import a_firm
from tests.support.service.service_process import ServiceProcess
from tests.support.service.till import INVOICE, Acknowledged, Till

TRIES = 5
WEB = ("serve", "--web-only")


@pytest_asyncio.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session


class Restored:
    """An installation whose database is an older copy: `lost` was acknowledged after the copy was made."""

    def __init__(self, url: str, nats_url: str, directory: Path, till: Till, stack: ExitStack) -> None:
        self.url, self.nats_url, self.directory, self.till = url, nats_url, directory, till
        self._stack = stack
        self.series_id = ""
        self.lost = Acknowledged()
        self.service: ServiceProcess | None = None

    def process(self, *arguments: str, has_file: bool = True, has_stream: bool = True) -> ServiceProcess:
        """A process on the copy, with the marks that it has; killed at the end of the test."""
        directory = self.directory
        if not has_file:
            directory = self.directory.with_name(f"other-{secrets.token_hex(4)}")
            directory.mkdir()
            shutil.copy(self.directory / "keys.json", directory)
        made = ServiceProcess(directory, self.url, self.nats_url if has_stream else "", arguments)
        self._stack.callback(lambda: made.kill() if made.is_running else None)
        return made

    async def web(self, *, has_file: bool = True, has_stream: bool = True, is_ready: bool = False) -> ServiceProcess:
        """The process that tills ask from now on."""
        self.service = self.process(*WEB, has_file=has_file, has_stream=has_stream)
        await (self.service.start() if is_ready else self.service.start_waiting())
        return self.service

    async def try_all(self) -> list[tuple[int, dict[str, Any]]]:
        """What one try of each request that takes a number is answered."""
        body = {"count": 2}
        return [
            await self.till.once("POST", "/invoices", INVOICE | {"series_id": self.series_id}),
            await self.till.once("POST", f"/invoice-series/{self.series_id}/reserve-numbers", body),
        ]

    async def command(self, *arguments: str, has_stream: bool = True) -> Outcome:
        """`numbering ARGUMENTS` as an operator of the installation runs it."""
        given = {"DATA_DIR": str(self.directory), "DATABASE_URL": self.url}
        if has_stream:
            given["NATS_URL"] = self.nats_url
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBERING_")}
        environment = inherited | {f"NUMBERING_{name}": value for name, value in given.items()}
        return await asyncio.to_thread(run_apart, arguments, environment)

    async def head(self) -> int:
        """Where the log of the copy ends; the log is in order."""
        log = await PostgresLog.open(self.url)
        try:
            check_invariants(await log.read(Position(0), 1_000_000))
            return await log.head()
        finally:
            await log.close()


async def published(database_url: str, nats_url: str) -> None:
    """Wait until the stream ends where the log ends."""
    log = await PostgresLog.open(database_url)
    try:
        async with stranger(nats_url) as jetstream, asyncio.timeout(DEADLINE_SECONDS):
            while (await jetstream.stream_info(STREAM)).state.last_seq < await log.head():
                await asyncio.sleep(0.01)
    finally:
        await log.close()


@asynccontextmanager
async def restored(
    database_url: str, admin: asyncpg.Connection, nats_url: str, directory: Path, client: aiohttp.ClientSession
) -> AsyncGenerator[Restored]:
    """Work, a copy, more work that is acknowledged and published; then only the copy is left."""
    old = f"old_{secrets.token_hex(4)}"
    await asyncio.to_thread(directory.mkdir)
    firm = await a_firm(database_url, directory / "keys.json")
    with ExitStack() as stack:
        first = ServiceProcess(directory, database_url, nats_url)
        till = Till(client, firm.device_a, lambda: (found.service or first).base_url)
        found = Restored(with_database(database_url, old), nats_url, directory, till, stack)
        await first.start()
        found.series_id = await till.open_series("FACT", is_locked=True)
        await till.issue(found.series_id, Acknowledged())
        assert first.stop() == 0
        async with database(admin, old, database_url.rpartition("/")[2]):
            await first.start()
            for _ in range(3):
                await till.issue(found.series_id, found.lost)
            await till.reserve(found.series_id, 4, found.lost)
            await published(database_url, nats_url)
            assert first.stop() == 0
            yield found


@pytest_asyncio.fixture
async def copy(
    database_url: str,
    database_admin: asyncpg.Connection,
    nats_url: str,
    tmp_path: Path,
    client: aiohttp.ClientSession,
) -> AsyncIterator[Restored]:
    """A database restored from an older copy."""
    async with restored(database_url, database_admin, nats_url, tmp_path / "data", client) as found:
        yield found


@pytest.mark.parametrize(
    ("has_file", "has_stream"), [(True, True), (True, False), (False, True)], ids=["both", "file alone", "stream alone"]
)
async def test_a_restored_copy_gives_no_number_twice_however_late_the_relay_comes(
    copy: Restored, *, has_file: bool, has_stream: bool
) -> None:
    head = await copy.head()
    web = await copy.web(has_file=has_file, has_stream=has_stream)
    for _ in range(TRIES):
        for status, reply in await copy.try_all():
            assert (status, reply["error"]["code"]) == (503, "service_unavailable")
            assert "Nothing was done" in reply["error"]["message"]
    _, ready = await copy.till.once("GET", "/../readyz")
    assert ready["error"]["errors"]["log"] == "down"
    assert "numbering adopt-tail" in ready["error"]["message"]
    relay = copy.process("relay")
    relay.spawn()
    await asyncio.sleep(1)  # as late as it may come, nothing may have been written before it or because of it
    assert {status for status, _ in await copy.try_all()} == {503}
    assert await copy.head() == head
    assert "numbering adopt-tail" in web.said()

    printed(await copy.command("adopt-tail"))
    await web.until_status("/readyz", 200)
    after = Acknowledged()
    await copy.till.issue(copy.series_id, after)
    assert not set(after.issued) & ({*copy.lost.issued, *copy.lost.reserved})
    assert await copy.head() > head


async def test_with_no_mark_at_all_it_says_what_it_cannot_know_and_goes_on(copy: Restored) -> None:
    web = await copy.web(has_file=False, has_stream=False, is_ready=True)
    await copy.till.issue(copy.series_id, Acknowledged())
    assert "log.not_comparable" in web.said()
    assert "nothing outside the database says where the log ended" in web.said()


async def test_an_operator_goes_on_behind_a_loss_by_naming_it(copy: Restored) -> None:
    """Beside no stream, and with the mark: the loss is accepted once, also for a machine with a mark of its own."""
    web = await copy.web(has_stream=False)
    told = refused(await copy.command("resume", has_stream=False))
    assert "--accept-loss" in told
    other = copy.directory.with_name("another-machine")
    shutil.copytree(copy.directory, other)
    assert printed(await copy.command("resume", "--accept-loss", has_stream=False))["is_loss_accepted"]
    await web.until_status("/readyz", 200)
    await copy.till.issue(copy.series_id, Acknowledged())

    second = ServiceProcess(other, copy.url, "", WEB)
    try:
        await second.start()
    finally:
        second.kill()


@pytest.mark.parametrize("is_stopped_cleanly", [True, False])
async def test_a_process_starts_while_nats_is_away_if_the_mark_in_its_data_directory_agrees(
    database_url: str, tmp_path: Path, client: aiohttp.ClientSession, *, is_stopped_cleanly: bool
) -> None:
    firm = await a_firm(database_url, tmp_path / "keys.json")
    nowhere = "nats://127.0.0.1:9"
    first = ServiceProcess(tmp_path, database_url, "", WEB)
    second = ServiceProcess(tmp_path, database_url, nowhere, WEB)
    try:
        await first.start()
        till = Till(client, firm.device_a, lambda: (second if second.is_running else first).base_url)
        series_id = await till.open_series("FACT")
        await till.issue(series_id, Acknowledged())
        if is_stopped_cleanly:
            first.stop()
        else:
            first.kill()
        await second.start()
        await till.issue(series_id, Acknowledged())
    finally:
        for each in (first, second):
            if each.is_running:
                each.kill()


async def test_a_process_without_a_mark_waits_for_nats_and_goes_on_by_itself(
    database_url: str, nats_url: str, tmp_path: Path, client: aiohttp.ClientSession
) -> None:
    """NATS is set and away, and nothing else says where the log ended: the only case that waits."""
    firm = await a_firm(database_url, tmp_path / "keys.json")
    waiting = ServiceProcess(tmp_path, database_url, "nats://127.0.0.1:9", WEB)
    till = Till(client, firm.live_key, lambda: waiting.base_url)
    try:
        await waiting.start_waiting()
        status, _ = await till.once("POST", "/invoice-series", {"name": "FACT", "document_type": "fiscal"})
        assert status == 503
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBERING_")}
        given = inherited | {"NUMBERING_DATA_DIR": str(tmp_path), "NUMBERING_DATABASE_URL": database_url}
        told = printed(await asyncio.to_thread(run_apart, ("resume",), given))
        assert (told["compared_with_stream"], told["is_marked"]) == (False, True)
        await waiting.until_status("/readyz", 200)
    finally:
        waiting.kill()
    del nats_url
