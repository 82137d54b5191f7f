"""The writer over PostgreSQL, with one series that a device holds and from which all clients reserve."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from schemas.commands import Caller, LockSeries, OpenSeries, ReserveNumbers
from schemas.values import Actor, ActorKind, DeviceId, DocumentType, FirmId, Mode, SeriesId, TokenNonce, UnixSeconds
from service.log.postgres_log import PostgresLog
from service.writer.request import Answered, Submission
from service.writer.writer import Writer

SERIES = SeriesId("ser_hot")
CALLER = Caller(FirmId("frm_1"), Mode.LIVE, Actor(ActorKind.SESSION, "ses_1", 7), DeviceId("dev_1"))
HOLD_SECONDS = 2_592_000


class HotSeries:
    """A running writer, and the series from which it takes numbers."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._reserve = Submission(ReserveNumbers(SERIES, 1, HOLD_SECONDS, "k1", TokenNonce(1)), CALLER)

    async def reserve(self) -> None:
        """Reserve one number for the device; it is durable on return."""
        answered = await self.writer.submit(self._reserve)
        assert isinstance(answered, Answered), answered

    @property
    def taken(self) -> int:
        """How many numbers the series gave."""
        return self.writer.known.state.series[SERIES].taken


@asynccontextmanager
async def hot_series(database_url: str) -> AsyncGenerator[HotSeries]:
    """A writer with a series that is open and locked, until the block ends."""
    log = await PostgresLog.open(database_url)
    writer = Writer(log, clock=lambda: UnixSeconds(int(time.time())))
    running = asyncio.create_task(writer.run())
    try:
        await writer.known.read()
        for command in (OpenSeries(SERIES, "A", DocumentType.FISCAL, 2026), LockSeries(SERIES)):
            answered = await writer.submit(Submission(command, CALLER))
            assert isinstance(answered, Answered), answered
        yield HotSeries(writer)
    finally:
        running.cancel()
        await asyncio.wait([running])
        await log.close()
