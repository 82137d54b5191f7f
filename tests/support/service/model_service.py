"""Two replicas of the service over one database and with one clock, and the callers of two firms."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from projections.keeping.runner import ProjectionRunner
from schemas.values import FirmId, Mode, Platform, UnixSeconds
from service.access.records import AccessRecords, Right, access_records
from service.writer.sweeper import Sweeper
from tests.model.words import Who
from tests.support.domain.commands import NOW
from tests.support.service.client import Api, Clock, Options, an_api

TTL_SECONDS: Final = 600

ONE: Final = (
    Who("device_a", "one", "live", "device-a"),
    Who("device_a_again", "one", "live", "device-a"),
    Who("device_b", "one", "live", "device-b"),
    Who("admin", "one", "live", "device-admin", is_admin=True),
    Who("live_key", "one", "live", is_key=True),
    Who("no_device", "one", "live"),
    Who("admin_no_device", "one", "live", is_admin=True),
)
STRANGERS: Final = (
    Who("test_key", "one", "test", is_key=True),
    Who("test_device_a", "one", "test", "device-a"),
    Who("live_key", "two", "live", is_key=True),
    Who("device_a", "two", "live", "device-a"),
)
EVERYBODY: Final = ONE + STRANGERS
"""Two logins of one device, other devices, an admin, sessions without a device, keys, the test side, another firm."""


class StandingClock(Clock):
    """A clock that moves only when the test says so."""

    def __init__(self) -> None:
        super().__init__(ahead_seconds=0)

    def __call__(self) -> UnixSeconds:
        """The time now."""
        return UnixSeconds(NOW + self.ahead_seconds)

    def begin_a_day(self) -> None:
        """Move on by whole days from the start, so that every history begins at the same time of day."""
        self.ahead_seconds = (self.ahead_seconds // 86_400 + 1) * 86_400


@dataclass(frozen=True)
class Replicas:
    """The running services; replies must not depend on the one that a request reaches."""

    apis: Sequence[Api]
    clock: StandingClock
    _records: AccessRecords
    _projections: ProjectionRunner

    async def admit_two_firms(self) -> dict[Who, str]:
        """Credentials of two new firms."""
        firms = {name: await self._records.create_firm(name) for name in ("one", "two")}
        return {who: await self._credential(who, firms[who.firm]) for who in EVERYBODY}

    async def sweep(self) -> int:
        """Record overdue numbers as expired; returns how many there were."""
        writer = self.apis[0].dependencies.writer
        return await Sweeper(writer.known, writer, clock=self.clock, period_seconds=1).sweep()

    async def catch_up(self) -> None:
        """Bring the projections to the head of the log."""
        await self._projections.catch_up()

    async def _credential(self, who: Who, firm_id: FirmId) -> str:
        mode = Mode(who.mode)
        if who.is_key:
            return (await self._records.create_key(firm_id, mode)).api_key
        session = await self._records.create_session(
            firm_id,
            mode,
            device_id=who.device or "",
            device_name=who.name,
            platform=Platform.ANDROID,
            right=Right.ADMIN if who.is_admin else Right.USER,
        )
        return session.token


@asynccontextmanager
async def two_replicas(database_url: str, directory: Path) -> AsyncGenerator[Replicas]:
    """Both replicas, running; tokens live for TTL_SECONDS."""
    options = Options(settings={"reservation_ttl_seconds": TTL_SECONDS})
    clock = StandingClock()
    async with (
        an_api(database_url, directory, options, clock) as first,
        an_api(database_url, directory, options, clock) as second,
        access_records(database_url, directory / "keys.json", clock) as records,
    ):
        yield Replicas((first, second), clock, records, ProjectionRunner(database_url))
