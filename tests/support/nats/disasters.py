"""A database that lost its tail, which the stream still has: what operators and callers meet afterwards."""

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from service.access.event_proofs import EventProver
from service.access.key_file import KeyFile
from service.log.postgres_log import PostgresLog
from service.nats.relay.status import RelayState
from tests.support.nats.relays import assert_stream_is_log, caught_up, relaying
from tests.support.servers.databases import database, with_database
from tests.support.service.client import Api, an_api
from tests.support.service.command_line import Outcome, run_apart
from tests.support.waiting import until


class Disaster:
    """A log that was relayed to its end, and `old_url`, a copy of its database from some time before."""

    def __init__(self, old_url: str, nats_url: str, directory: Path) -> None:
        self.old_url, self.nats_url, self.directory = old_url, nats_url, directory
        self.series_id = ""
        self.device = ""
        self.admin = ""
        self.firm_id = ""
        self.token = ""

    async def command(self, *arguments: str) -> Outcome:
        """`numbering ARGUMENTS` on the old copy."""
        given = {"DATA_DIR": str(self.directory), "DATABASE_URL": self.old_url, "NATS_URL": self.nats_url}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBERING_")}
        environment = inherited | {f"NUMBERING_{name}": value for name, value in given.items()}
        return await asyncio.to_thread(run_apart, arguments, environment)

    @asynccontextmanager
    async def log(self) -> AsyncGenerator[PostgresLog]:
        """The log of the old copy."""
        log = await PostgresLog.open(self.old_url)
        try:
            yield log
        finally:
            await log.close()

    async def halted(self) -> None:
        """Let a relay look, and wait until it has halted the log."""
        async with self.log() as log, relaying(log, self.nats_url) as relay:
            await until(lambda: relay.status().state is RelayState.HALTED)

            async def is_halted() -> bool:
                return await log.halted() is not None

            async with asyncio.timeout(10):
                while not await is_halted():
                    await asyncio.sleep(0.01)

    async def relayed(self) -> None:
        """Let a relay work until the stream is the log."""
        async with self.log() as log:
            async with relaying(log, self.nats_url) as relay:
                await caught_up(relay, log)
            await assert_stream_is_log(self.nats_url, log)


async def some_work(api: Api, disaster: Disaster) -> None:
    """Five numbers reserved, and one of them used, in three events."""
    path = f"/invoice-series/{disaster.series_id}/reserve-numbers"
    reserved = (await api.post(path, {"count": 5}, disaster.device)).data["data"]
    disaster.token = reserved[4]["token"]
    issued = await api.issue(disaster.device, "a-key", reservation_token=reserved[0]["token"])
    assert issued.status == 201


@asynccontextmanager
async def a_disaster(
    database_url: str,
    admin: asyncpg.Connection,
    nats_url: str,
    directory: Path,
    *,
    work: Callable[[Api, Disaster], Awaitable[None]] = some_work,
    before: Callable[[Api, Disaster], Awaitable[None]] | None = None,
    prover: EventProver | None = None,
) -> AsyncGenerator[Disaster]:
    """Work, also that of `before`, a backup, more `work` that is relayed; then only the backup is left.

    The relay proves its events with the installation's keys unless it is given another `prover`.
    """
    old = f"old_{secrets.token_hex(4)}"
    disaster = Disaster(with_database(database_url, old), nats_url, directory)
    async with an_api(database_url, directory) as api:
        disaster.series_id = await api.a_locked_series()
        disaster.device, disaster.firm_id = api.firm.device_a, api.firm.firm_id
        disaster.admin = api.firm.admin
        await api.tokens(disaster.series_id, 3)
        if before is not None:
            await before(api, disaster)
    async with database(admin, old, database_url.rpartition("/")[2]):
        async with an_api(database_url, directory) as api:
            await work(api, disaster)
        await _relay(database_url, nats_url, prover or EventProver.of(KeyFile(directory / "keys.json")))
        yield disaster


async def _relay(database_url: str, nats_url: str, prover: EventProver) -> None:
    log = await PostgresLog.open(database_url)
    try:
        async with relaying(log, nats_url, prover=prover) as relay:
            await caught_up(relay, log)
    finally:
        await log.close()
