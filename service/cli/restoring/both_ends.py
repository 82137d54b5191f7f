"""The log and what is known of it outside of its database, for the commands of an operator."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from schemas.values import DEFAULT_LOG
from service.cli.screen.console import err
from service.cli.starting.present import database_url
from service.clock import now
from service.configuration.settings import Settings
from service.log.mark import MarkFile, mark_of
from service.log.migrating.schema_fit import require_fit
from service.log.postgres_log import PostgresLog
from service.nats.client.connection import connected
from service.nats.relay.stream import EventStream
from service.nats.relay.tail import Fork
from service.wiring import nats_settings

NAME: Final = "numbering-operator"


@asynccontextmanager
async def one_log(settings: Settings) -> AsyncGenerator[PostgresLog]:
    """The log. Raises CommandFault, SchemaUnfitError and LogUnavailableError."""
    url = database_url(settings)
    await require_fit(url)
    log = await PostgresLog.open(url)
    try:
        yield log
    finally:
        await log.close()


@asynccontextmanager
async def both_ends(settings: Settings) -> AsyncGenerator[tuple[EventStream, PostgresLog]]:
    """The stream and the log. Raises as `one_log`, MissingSettingError and BrokerUnavailableError."""
    async with one_log(settings) as log, connected(nats_settings(settings), NAME) as client:
        yield EventStream(client, DEFAULT_LOG, replicas=settings.stream_replicas), log


async def renew_mark(settings: Settings, log: PostgresLog, *, is_forced: bool) -> bool:
    """Have the mark in the data directory say where the log ends now; whether it could be written."""
    head = await log.head()
    mark = mark_of(await log.identity(), log.log_id, await log.record_at(head), now())
    try:
        await asyncio.to_thread(MarkFile(settings.data_dir, log.log_id).keep, mark, is_forced=is_forced)
    except OSError as error:
        err().print(f"no mark can be kept in {settings.data_dir}: {error.strerror}")
        return False
    return True


def told(fork: Fork) -> str:
    """Where the two part, in words."""
    return f"stream and log are the same up to {fork.common}; the log ends at {fork.head}, the stream at {fork.end}"
