"""A service on a log that was restored from an older copy, with the keys of the log that went on."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from service.health import Finding, Health
from service.readiness import history_health
from tests.support.servers.restores import copied
from tests.support.service.client import Answer, Api, Options, an_api
from tests.support.service.firms import Firm

MISSING = (404, "reservation_missing")


@dataclass(frozen=True)
class LostTail:
    """A log that was restored from a copy with ten pending numbers, and what was handed out after the copy.

    Both logs reserve the next block at the same position, and the keys are the same.
    """

    url: str
    """Of the log that went on, which is gone in truth."""
    restored_url: str
    directory: Path
    firm: Firm
    series_id: str
    kept: list[str]
    """Tokens that the copy knows: numbers 1 to 10."""
    lost: list[str]
    """Tokens that the copy does not know: numbers 11 to 13."""

    @asynccontextmanager
    async def api(self, options: Options | None = None) -> AsyncGenerator[Api]:
        """The service on the restored log."""
        async with an_api(self.restored_url, self.directory, options) as api:
            yield api

    async def reserve(self, api: Api, count: int) -> list[str]:
        """New tokens of device A."""
        return await _reserve(api, self.firm, self.series_id, count)

    async def consume(self, api: Api, token: str) -> Answer:
        """Device A puts the number of a token on a document."""
        return await api.issue(self.firm.device_a, reservation_token=token, force_chronology=False)


@asynccontextmanager
async def a_lost_tail(admin: asyncpg.Connection, database_url: str, directory: Path) -> AsyncGenerator[LostTail]:
    """See LostTail; the database must be empty. The copy is dropped afterwards."""
    async with an_api(database_url, directory) as api:
        series_id, firm = await api.a_locked_series("TILL"), api.firm
        kept = await _reserve(api, firm, series_id, 10)
    async with copied(admin, database_url) as restored_url:
        async with an_api(database_url, directory) as api:
            lost = await _reserve(api, firm, series_id, 3)
        yield LostTail(database_url, restored_url, directory, firm, series_id, kept, lost)


async def health_of_history(api: Api) -> Health | Finding:
    """What readiness says of the history."""
    return await history_health(api.dependencies.lost_history, api.dependencies.writer.known)()


def signs_of_loss(api: Api) -> float | None:
    """What the metric says."""
    return api.dependencies.metrics.registry.get_sample_value("numbering_lost_history_tokens_total")


async def _reserve(api: Api, firm: Firm, series_id: str, count: int) -> list[str]:
    path = f"/invoice-series/{series_id}/reserve-numbers"
    return [slot["token"] for slot in (await api.post(path, {"count": count}, firm.device_a)).data["data"]]
