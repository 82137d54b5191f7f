"""A process stops under load: every accepted request is answered, and nothing that was answered is lost."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from tests.support.service.client import AN_INVOICE
from tests.support.service.firms import a_firm
from tests.support.service.service_process import ServiceProcess, services
from tests.support.waiting import until

REQUESTS = 50
WAITING_FOR_LOCKS = """
SELECT count(*) FROM pg_stat_activity AS a WHERE a.datname = current_database() AND a.wait_event_type = 'Lock'
"""


async def is_blocked(observer: asyncpg.Connection) -> bool:
    """Whether an append waits for the row lock of the log."""
    return bool(await observer.fetchval(WAITING_FOR_LOCKS))


async def is_waiting(session: aiohttp.ClientSession, base_url: str) -> bool:
    """Whether the other requests have reached the writer: they queue behind the one that is blocked."""
    async with session.get(f"{base_url}/metrics") as response:
        [line] = [line for line in (await response.text()).splitlines() if line.startswith("numbering_queue_depth ")]
    return float(line.split()[1]) >= REQUESTS - 1


async def test_every_accepted_request_is_answered_before_the_process_ends(
    database_url: str, nats_url: str, data_dir: Path
) -> None:
    firm = await a_firm(database_url, data_dir / "keys.json")
    process = ServiceProcess(data_dir, database_url, nats_url)
    headers = {"Authorization": f"Bearer {firm.live_key}"}
    connector = aiohttp.TCPConnector(limit=0)
    async with services(process), aiohttp.ClientSession(headers=headers, connector=connector) as session:

        async def post(path: str, body: dict[str, Any]) -> tuple[int, Any]:
            async with session.post(f"{process.base_url}/v1{path}", json=body) as response:
                return response.status, (await response.json())["data"]

        assert (await post("/invoice-series", {"name": "A", "document_type": "fiscal"}))[0] == 201
        blocker, observer = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
        try:
            async with blocker.transaction():
                await blocker.execute("SELECT FROM log.head FOR UPDATE")
                asked = [asyncio.create_task(post("/invoices", AN_INVOICE))]
                await until(lambda: is_blocked(observer))
                asked += [asyncio.create_task(post("/invoices", AN_INVOICE)) for _ in range(REQUESTS - 1)]
                await until(lambda: is_waiting(session, process.base_url))
                stopping = asyncio.create_task(asyncio.to_thread(process.stop))
                await until(lambda: is_refusing(process.port))
            answers = await asyncio.gather(*asked)
        finally:
            await blocker.close()
            await observer.close()
        assert await stopping == 0

    assert {status for status, _ in answers} == {201}
    assert sorted(data["number_idx"] for _, data in answers) == list(range(1, REQUESTS + 1))


async def is_refusing(port: int) -> bool:
    """Whether the process refuses new connections."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:  # reset: it was in the queue of a socket that closed
        return True
    writer.close()
    return False
