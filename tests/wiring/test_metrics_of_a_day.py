"""The metrics after a day at a till say what happened, and how far behind each part is that runs elsewhere, or not."""

import asyncio
import math
import shutil
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from service.evidence.key_file import create
from tests.support.servers.cut_proxy import CutProxy
from tests.support.service.firms import Firm, a_firm
from tests.support.service.metrics_read import metrics_of, samples
from tests.support.service.service_process import ServiceProcess, services
from tests.support.service.till import INVOICE
from tests.support.waiting import until

FATES = {"pending": 5, "standing": 3, "voided": 2, "withdrawn": 1, "released": 1, "expired": 2, "lost": 0}
"""Two are issued: one is voided and unvoided, one voided and deleted; three are reserved: one released, two expire."""

COUNTED = {
    **{f'numbering_numbers_total{{fate="{fate}"}}': count for fate, count in FATES.items()},
    'numbering_auth_failures_total{reason="missing"}': 0,
    'numbering_auth_failures_total{reason="invalid"}': 1,
    'numbering_auth_failures_total{reason="expired"}': 0,
    'numbering_replayed_answers_total{carrier="http"}': 1,
    'numbering_replayed_answers_total{carrier="nats"}': 0,
    'numbering_rejections_total{code="idempotency_key_reused"}': 1,
    'numbering_pool_connections_max{pool="writer"}': 8,
    'numbering_pool_connections_max{pool="reader"}': 8,
    'numbering_pool_waiting{pool="reader"}': 0,
    "numbering_log_halted": 0,
    "numbering_nats_connected": 1,
}
SCRAPE_SECONDS_MAX = 2.0
PAUSE_SECONDS = 0.1
PROJECTIONS = ("counters", "gaps", "invoices", "register")
PLACES = {
    ("relay", ""),
    ("evidence", ""),
    *(("projection", f'{{projection="{name}"}}') for name in PROJECTIONS),
}
BEHIND = {f"numbering_{part}_lag_{unit}{labels}" for part, labels in PLACES for unit in ("events", "seconds")}


class Caller:
    """Asks one process, and expects the status."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, firm: Firm) -> None:
        self._session = session
        self._base_url = base_url
        self.firm = firm

    async def ask(
        self, status: int, method: str, path: str, body: object = None, *, credential: str | None = None, key: str = ""
    ) -> Any:
        """The data of the reply to a device, unless another credential is given."""
        headers = {"Authorization": f"Bearer {credential or self.firm.device_a}"} | (
            {"Idempotency-Key": key} if key else {}
        )
        url = f"{self._base_url}/v1{path}"
        async with self._session.request(method, url, json=body, headers=headers) as response:
            answer = await response.json()
            assert response.status == status, answer
            return answer.get("data")


async def live_a_day(caller: Caller) -> None:
    """Do what FATES counts, be refused, and repeat."""
    series = (await caller.ask(201, "POST", "/invoice-series", {"name": "DAY", "document_type": "fiscal"}))["id"]
    body, key = {**INVOICE, "series_id": series}, str(uuid.uuid4())
    first = await caller.ask(201, "POST", "/invoices", body, key=key)
    assert (await caller.ask(201, "POST", "/invoices", body, key=key))["id"] == first["id"]
    await caller.ask(409, "POST", "/invoices", {**body, "notes": "another"}, key=key)
    await caller.ask(200, "POST", f"/invoices/{first['id']}/void", {})
    await caller.ask(200, "POST", f"/invoices/{first['id']}/unvoid", {})
    last = await caller.ask(201, "POST", "/invoices", body)
    await caller.ask(200, "POST", f"/invoices/{last['id']}/void", {})
    await caller.ask(200, "DELETE", f"/invoices/{last['id']}")
    await caller.ask(200, "POST", f"/invoice-series/{series}/lock", {})
    reserved = (await caller.ask(201, "POST", f"/invoice-series/{series}/reserve-numbers", {"count": 3}))["data"]
    await caller.ask(200, "POST", f"/invoice-series/reservations/{reserved[0]['token']}/release")
    await caller.ask(401, "GET", "/invoice-series", credential="sk_live_" + "0" * 24)


async def shown(process: ServiceProcess) -> dict[str, float]:
    """The value of each series; a process that answers nobody for 2 s fails the test."""
    await asyncio.sleep(PAUSE_SECONDS)  # it looks around every few seconds only, and others need the processor
    async with asyncio.timeout(SCRAPE_SECONDS_MAX):
        return samples(await metrics_of(process))


async def until_shown(process: ServiceProcess, expected: Mapping[str, float], seconds_max: float = 20) -> None:
    """Wait until the process shows these values; fail with those that differ."""
    differ: dict[str, float] = {}

    async def is_shown() -> bool:
        nonlocal differ
        found = await shown(process)
        differ = {
            name: found[name]
            for name, value in expected.items()
            if found[name] != value and not (math.isnan(found[name]) and math.isnan(value))
        }
        return not differ

    with suppress(AssertionError):
        await until(is_shown, seconds_max=seconds_max)
    assert differ == {}


async def test_the_metrics_say_what_happened_and_who_is_behind(
    tmp_path: Path, database_url: str, nats_url: str
) -> None:
    firm = await a_firm(database_url, tmp_path / "keys.json")
    create(tmp_path / "evidence.json", "day.example.com")
    quick = {"NUMBERING_RESERVATION_TTL_SECONDS": "1", "NUMBERING_SWEEP_SECONDS": "1"}
    others = [ServiceProcess(tmp_path, database_url, nats_url, (job,)) for job in ("relay", "project")]
    async with CutProxy.before(database_url) as proxy, aiohttp.ClientSession() as session:
        web = ServiceProcess(tmp_path, proxy.url, nats_url, ("serve", "--web-only"), **quick)
        async with services(web):
            await live_a_day(Caller(session, web.base_url, firm))
            await until_shown(web, COUNTED)
            await until_behind(web)
            assert math.isnan((await shown(web))["numbering_evidence_lag_events"])  # nothing was sealed yet
            async with running(*others):
                await until_shown(web, dict.fromkeys(BEHIND, 0), seconds_max=60)
            await assert_promtool_has_no_fault(await metrics_of(web))
            proxy.mute()
            frozen = {"numbering_log_halted": math.nan, 'numbering_part_health{part="postgres"}': 0}
            await until_shown(web, frozen | dict.fromkeys(BEHIND, math.nan))
            await web.until_status("/readyz", 503)
            proxy.cut()
            await until_shown(web, {"numbering_log_halted": 0} | dict.fromkeys(BEHIND, 0))


async def until_behind(web: ServiceProcess) -> None:
    """Nothing runs that publishes or projects: wait until the process says so, in events and in seconds."""

    async def is_behind() -> bool:
        found = await shown(web)
        head = found["numbering_log_position"]
        behind = {name for name in BEHIND if found[name] == (head if "_events" in name else found[name]) > 0}
        return behind == {name for name in BEHIND if "evidence" not in name}

    await until(is_behind, seconds_max=15)


@asynccontextmanager
async def running(*processes: ServiceProcess) -> AsyncGenerator[None]:
    """Run processes that answer nobody, for the life of the block."""
    try:
        for process in processes:
            process.spawn()
        yield
    finally:
        for process in processes:
            process.kill()


async def assert_promtool_has_no_fault(text: str) -> None:
    """Where it is installed: Debian's package is `prometheus`."""
    program = shutil.which("promtool")
    if program is not None:
        pipe = asyncio.subprocess.PIPE
        checking = await asyncio.create_subprocess_exec(
            program, "check", "metrics", stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await checking.communicate(text.encode())
        assert (checking.returncode, said) == (0, b"")
