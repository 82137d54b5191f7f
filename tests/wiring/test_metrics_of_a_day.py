"""The metrics after a day at a till say what happened, and how far behind each part is that runs elsewhere, or not."""

import asyncio
import math
import shutil
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from service.evidence.key_file import create
from tests.support.service.firms import Firm, a_firm
from tests.support.service.metrics_read import metrics_of, samples
from tests.support.service.service_process import ServiceProcess, services
from tests.support.service.till import INVOICE
from tests.support.waiting import until

FATES = {"pending": 5, "standing": 3, "voided": 2, "withdrawn": 1, "released": 1, "expired": 2, "lost": 0}
"""Two are issued: one is voided and unvoided, one voided and deleted; three are reserved: one released, two expire."""

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
    await asyncio.sleep(PAUSE_SECONDS)  # it looks around every few seconds only, and others need the processor
    return samples(await metrics_of(process))


async def test_the_metrics_say_what_happened_and_who_is_behind(
    tmp_path: Path, database_url: str, nats_url: str
) -> None:
    firm = await a_firm(database_url, tmp_path / "keys.json")
    create(tmp_path / "evidence.json", "day.example.com")
    quick = {"NUMBERING_RESERVATION_TTL_SECONDS": "1", "NUMBERING_SWEEP_SECONDS": "1"}
    web = ServiceProcess(tmp_path, database_url, nats_url, ("serve", "--web-only"), **quick)
    others = [ServiceProcess(tmp_path, database_url, nats_url, (job,)) for job in ("relay", "project")]
    async with services(web), aiohttp.ClientSession() as session:
        await live_a_day(Caller(session, web.base_url, firm))

        async def are_expired() -> bool:
            return (await shown(web))['numbering_numbers_total{fate="expired"}'] == FATES["expired"]

        await until(are_expired)
        found = await shown(web)
        assert {fate: found[f'numbering_numbers_total{{fate="{fate}"}}'] for fate in FATES} == FATES
        assert found['numbering_auth_failures_total{reason="invalid"}'] == 1
        assert found['numbering_replayed_answers_total{carrier="http"}'] == 1
        assert found['numbering_rejections_total{code="idempotency_key_reused"}'] == 1
        assert found["numbering_http_connections"] >= 1
        assert found["numbering_log_halted"] == 0

        async def are_both_behind() -> bool:
            """Nothing runs that publishes or projects, and all that was written waits for them."""
            found = await shown(web)
            head = found["numbering_log_position"]
            behind = {name for name in BEHIND if found[name] == (head if "_events" in name else found[name]) > 0}
            return behind == {name for name in BEHIND if "evidence" not in name}

        await until(are_both_behind, seconds_max=15)
        assert math.isnan(found["numbering_evidence_lag_events"])  # nothing was sealed yet
        async with running(*others):
            left = BEHIND

            async def is_none_behind() -> bool:
                nonlocal left
                found = await shown(web)
                left = {name for name in BEHIND if found[name] != 0}
                return not left

            with suppress(AssertionError):
                await until(is_none_behind, seconds_max=60)
            assert left == set()
        await assert_promtool_has_no_fault(await metrics_of(web))


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
