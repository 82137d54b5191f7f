"""Erasing what an invoice says: it is nowhere any more, and everything else holds (CONTRACT.md D111)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
import pytest_asyncio

from projections.keeping.every import ALL
from projections.keeping.runner import ProjectionRunner
from tests.support.service.client import AN_INVOICE, Api, an_api
from tests.support.tasks import running_beside

CUSTOMER: Final = {"name": "Ion Popescu", "cui": "RO77123", "email": "ion.popescu@example.com"}
MONEY = ("currency", "exchange_rate", "subtotal", "vat_amount", "total", "subtotal_ron", "vat_amount_ron", "total_ron")
REASON: Final = {"reason": "asked by letter 17"}


@pytest_asyncio.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A service with projections that follow its log."""
    runner = ProjectionRunner(database_url, poll_seconds=0.01)
    await runner.catch_up()
    async with running_beside(runner.run()), an_api(database_url, tmp_path) as running:
        yield running


async def an_invoice_of_popescu(api: Api, **more: Any) -> dict[str, Any]:
    """An invoice that names him in its customer, its notes, an earlier content, and the reason of a void."""
    made = (await api.issue(client_data=CUSTOMER, notes="for Popescu", **more)).data
    changed = await api.ask("PUT", f"/invoices/{made['id']}", json={"observations": "Popescu again"})
    assert changed.status == 200, changed.body
    await api.post(f"/invoices/{made['id']}/void", {"reason": "Popescu took it back"})
    found: dict[str, Any] = (await api.post(f"/invoices/{made['id']}/unvoid")).data
    return found


async def places_of(database_url: str, text: str) -> list[str]:
    """Every table of every schema of ours in which a row has this text."""
    owner = await asyncpg.connect(database_url)
    try:
        tables = await owner.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        counts = {
            row["name"]: await owner.fetchval(
                f"SELECT count(*) FROM {row['name']} AS t WHERE t::text ILIKE $1",  # noqa: S608 - names from the catalogue
                f"%{text}%",
            )
            for row in tables
        }
    finally:
        await owner.close()
    return [name for name, count in counts.items() if count]


async def digests(database_url: str) -> dict[str, str]:
    """The digest of each projection, of one runner that has caught up."""
    runner = ProjectionRunner(database_url)
    await runner.catch_up()
    return {each.name: await runner.digest(each.name) for each in ALL}


async def test_what_was_said_is_nowhere_and_the_document_says_so(api: Api, database_url: str) -> None:
    series = await api.a_series()
    invoice = await an_invoice_of_popescu(api)
    kept = (await api.issue(client_data={"name": "Acme"})).data["id"]
    draft = (await api.issue(is_draft=True, client_data=CUSTOMER)).data["id"]
    await api.get("/invoices?q=popescu")
    assert {"log.content", "log.searchable"} <= set(await places_of(database_url, "popescu"))

    erased = (await api.post(f"/invoices/{invoice['id']}/erase", REASON)).data
    assert (await api.post(f"/invoices/{draft}/erase", REASON, api.firm.admin)).data["erased"] == "content"

    await api.get("/invoices")
    assert await places_of(database_url, "popescu") == []
    assert (erased["client"], erased["notes"], erased["items"]) == (None, None, [])
    assert {erased[name] for name in MONEY} == {None}, "what is not known is not zero"
    assert (erased["erased"], erased["content_erased"], erased["content_lost"]) == ("content", True, False)
    assert erased["erased_at"] == erased["modified_at"]
    for name in ("number", "full_number", "date", "series_id", "status", "is_void", "created_at"):
        assert erased[name] == invoice[name], name
    assert (await api.get(f"/invoices/{invoice['id']}")).data == erased
    listed = {each["id"]: each for each in (await api.get("/invoices")).data["data"]}
    assert listed[invoice["id"]] == erased
    assert (listed[kept]["client"]["name"], listed[kept]["erased"]) == ("Acme", None)
    history = (await api.get(f"/invoices/{invoice['id']}/history")).data["data"]
    assert (history[-1]["type"], history[-1]["message"]) == (
        "erase",
        f"What was said by {invoice['full_number']} was erased.",
    )
    numbers = (await api.get(f"/invoice-series/{series}/numbers")).data
    assert (numbers["equation"]["standing"], numbers["equation"]["taken"]) == (2, 2)
    assert (await api.get(f"/invoice-series/{series}/numbers/1")).data["events"][-1]["type"] == "document-erased/1"


async def test_the_customer_alone_is_erased_and_the_amounts_stay(api: Api, database_url: str) -> None:
    await api.a_series()
    invoice = await an_invoice_of_popescu(api)
    totals = (await api.get("/invoices")).data["totals"]

    path = f"/invoices/{invoice['id']}/erase"
    erased = (await api.post(path, {**REASON, "keep_amounts": True})).data

    assert await places_of(database_url, "popescu") == []
    assert (erased["client"], erased["notes"], erased["observations"]) == (None, None, None)
    for name in ("items", "subtotal", "vat_amount", "total", "total_ron", "currency", "full_number", "date"):
        assert erased[name] == invoice[name], name
    assert (erased["erased"], erased["content_erased"]) == ("customer", False)
    assert (await api.get("/invoices")).data["totals"] == totals
    assert (await api.post(path, {**REASON, "keep_amounts": True})).data == erased, "a second time finds nothing"
    reversal = (await api.post(f"/invoices/{invoice['id']}/storno")).data
    assert (reversal["client"], reversal["total"]) == (None, -invoice["total"])


@pytest.mark.parametrize("keep_amounts", [False, True])
async def test_a_rebuild_finds_the_same_and_the_log_still_replays(
    api: Api, database_url: str, keep_amounts: bool
) -> None:
    series = await api.a_series()
    invoice = await an_invoice_of_popescu(api)
    draft = (await api.issue(is_draft=True, client_data=CUSTOMER)).data["id"]
    report = (await api.get(f"/invoice-series/{series}/gaps")).data
    for document in (invoice["id"], draft):
        await api.post(f"/invoices/{document}/erase", {**REASON, "keep_amounts": keep_amounts})
    listed = (await api.get("/invoices")).data

    before = await digests(database_url)
    for each in ALL:
        rebuilt = await ProjectionRunner(database_url).rebuild(each.name)
        assert rebuilt.is_same, each.name
    assert await digests(database_url) == before

    again = (await api.get("/invoices")).data
    assert (again["data"], again["totals"]) == (listed["data"], listed["totals"])
    assert (await api.get(f"/invoice-series/{series}/gaps")).data["data"] == report["data"]
    then = (await api.get(f"/invoice-series/{series}/gaps?as_of_position={report['as_of']['position']}")).data
    assert then["equation"] == report["equation"]


async def test_a_second_erasure_and_a_repeat_change_nothing(api: Api) -> None:
    await api.a_series()
    invoice = await an_invoice_of_popescu(api)
    path = f"/invoices/{invoice['id']}/erase"

    first = await api.post(path, REASON, key="once")
    head = await api.dependencies.log.head()
    repeat = await api.post(path, REASON, key="once")
    second = await api.post(path, REASON)

    assert repeat.headers["Idempotent-Replayed"] == "true"
    assert repeat.data == first.data == second.data
    assert await api.dependencies.log.head() == head


async def test_what_was_erased_can_be_voided_and_deleted_but_not_changed_or_reversed(api: Api) -> None:
    await api.a_series()
    invoice = await an_invoice_of_popescu(api)
    path = f"/invoices/{invoice['id']}"
    await api.post(f"{path}/erase", REASON)

    assert (await api.ask("PUT", path, json={"notes": "new"})).refusal == (404, "resource_missing")
    assert (await api.post(f"{path}/storno")).refusal == (404, "resource_missing")
    assert (await api.post(f"{path}/void", {"reason": "of Popescu"})).data["void_reason"] == "of Popescu"
    assert (await api.post(f"{path}/erase", REASON)).data["void_reason"] is None, "what was said since is erased too"
    assert (await api.ask("DELETE", path)).status == 200


async def test_only_an_admin_or_an_api_key_erases_and_says_why(api: Api) -> None:
    await api.a_series()
    path = f"/invoices/{(await api.issue()).data['id']}/erase"

    assert (await api.post(path, REASON, api.firm.device_a)).refusal == (403, "insufficient_permissions")
    assert (await api.post(path, REASON, api.other_firm.live_key)).refusal == (404, "resource_missing")
    assert (await api.post(path, {})).refusal == (400, "missing_required_field")
    assert (await api.post(path, {"reason": "x" * 256})).refusal[0] == 400
    assert (await api.get(path.removesuffix("/erase"))).data["client"]["name"] == AN_INVOICE["client_data"]["name"]
    assert (await api.post(path, REASON, api.firm.admin)).status == 200
