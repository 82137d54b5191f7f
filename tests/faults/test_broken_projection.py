"""A projection that cannot go on, in the process that also issues numbers."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest_asyncio

from projections.keeping.runner import ProjectionRunner
from tests.support.service.firms import a_firm
from tests.support.service.service_process import ServiceProcess, services
from tests.support.service.till import Acknowledged, Till
from tests.support.waiting import until


@pytest_asyncio.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session


async def parts_of(client: aiohttp.ClientSession, service: ServiceProcess) -> dict[str, str]:
    """The parts as /readyz shows them; it must answer 200."""
    async with client.get(service.base_url + "/readyz") as reply:
        assert reply.status == 200
        parts: dict[str, str] = (await reply.json())["data"]["parts"]
        return parts


async def spoil_the_register(database_url: str, invoices: int) -> None:
    """Delete the rows of the register, once it has that many documents."""
    connection = await asyncpg.connect(database_url)
    try:

        async def is_there() -> bool:
            with suppress(asyncpg.UndefinedTableError):  # the service is ready before its projections are made
                found: int = await connection.fetchval("SELECT count(*) FROM register.ending")
                return found == invoices
            return False

        await until(is_there)
        await connection.execute("DELETE FROM register.ending")
    finally:
        await connection.close()


async def test_numbers_are_issued_while_a_projection_stands_still_and_after_a_restart(
    database_url: str, nats_url: str, tmp_path: Path, client: aiohttp.ClientSession
) -> None:
    firm = await a_firm(database_url, tmp_path / "keys.json")
    service = ServiceProcess(tmp_path, database_url, nats_url)
    kept = Acknowledged()
    async with services(service):
        till = Till(client, firm.device_a, lambda: service.base_url)
        series_id = await till.open_series("FACT")

        async def is_degraded() -> bool:
            return (await parts_of(client, service))["projections"] == "degraded"

        async def is_well() -> bool:
            return set((await parts_of(client, service)).values()) == {"ok"}

        async def standing() -> Any:
            status, reply = await till.once("GET", f"/invoice-series/{series_id}/numbers")
            assert status == 200
            return reply["data"]["equation"]["standing"]

        await till.issue(series_id, kept)
        await spoil_the_register(database_url, invoices=1)
        await till.surely("POST", f"/invoices/{kept.issued[1]}/void")
        await until(is_degraded)
        await till.issue(series_id, kept)
        assert await standing() == 1

        assert service.stop() == 0
        await service.start()
        await till.issue(series_id, kept)
        await until(is_degraded)
        assert await standing() == 2

        assert (await ProjectionRunner(database_url).rebuild("register", is_forced=True)).is_swapped
        await until(is_well)
        assert await standing() == 2
    assert sorted(kept.issued) == [1, 2, 3]
