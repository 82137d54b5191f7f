"""CONTRACT.md section 6.2: the history of an invoice, from projections that follow the log and from the log itself."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from projections.keeping.runner import ProjectionRunner
from tests.support.service.client import Api, an_api
from tests.support.tasks import running_beside

ENTRY_KEYS = frozenset({"id", "type", "type_label", "message", "icon", "by", "created_at"})


@pytest_asyncio.fixture(params=[True, False], ids=["projected", "from the log"])
async def api(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A service, with or without running projections."""
    async with an_api(database_url, tmp_path) as running:
        if not request.param:
            yield running
            return
        runner = ProjectionRunner(database_url, poll_seconds=0.01)
        await runner.catch_up()
        async with running_beside(runner.run()):
            yield running


async def issued(api: Api, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await api.issue(**more)).data
    return found


async def test_the_history_tells_what_happened_by_whom_and_when(api: Api) -> None:
    await api.a_series()
    invoice = await issued(api, date="2026-01-01")
    path = f"/invoices/{invoice['id']}"
    await api.ask("PUT", path, json={"info": "i"})
    await api.post(f"{path}/void", credential=api.firm.device_b)
    await api.post(f"{path}/unvoid")
    reversal = (await api.post(f"{path}/storno")).data

    found = (await api.get(f"{path}/history")).data

    assert found["pagination"] == {"page": 1, "per_page": 50, "total": 5, "total_pages": 1}
    assert [entry["type"] for entry in found["data"]] == ["create", "update", "void", "unvoid", "storno"]
    assert {frozenset(entry) for entry in found["data"]} == {ENTRY_KEYS}
    assert len({entry["id"] for entry in found["data"]}) == 5
    assert found["data"][0]["created_at"] == invoice["created_at"]
    assert found["data"][2]["by"] != found["data"][0]["by"]
    assert reversal["full_number"] in found["data"][4]["message"]
    of_reversal = (await api.get(f"/invoices/{reversal['id']}/history")).data
    assert [entry["type"] for entry in of_reversal["data"]] == ["create"]
    assert invoice["id"] in of_reversal["data"][0]["message"]


async def test_the_history_of_a_draft_and_its_pages(api: Api) -> None:
    draft = (await issued(api, is_draft=1))["id"]
    for text in "ab":
        await api.ask("PUT", f"/invoices/{draft}", json={"info": text})
    await api.post(f"/invoices/{draft}/void")

    async def types(query: str) -> list[str]:
        return [entry["type"] for entry in (await api.get(f"/invoices/{draft}/history?{query}")).data["data"]]

    assert await types("") == ["create", "update", "update", "void"]
    assert await types("per_page=3") == ["create", "update", "update"]
    assert await types("per_page=3&page=2") == ["void"]
    assert await types("per_page=3&page=3") == []
    pagination = (await api.get(f"/invoices/{draft}/history?per_page=3&page=3")).data["pagination"]
    assert pagination == {"page": 3, "per_page": 3, "total": 4, "total_pages": 2}


async def test_the_history_of_anothers_invoice_is_not_found(api: Api) -> None:
    await api.a_series()
    invoice = (await issued(api))["id"]

    for credential in (api.other_firm.live_key, api.firm.test_key):
        assert (await api.get(f"/invoices/{invoice}/history", credential)).refusal == (404, "resource_missing")
