"""Searching documents as people type it (CONTRACT.md D80), and that nothing is found by what was erased."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest
import pytest_asyncio

from projections.keeping.runner import ProjectionRunner
from tests.source.guides import block
from tests.support.service.client import Api, an_api
from tests.support.tasks import running_beside


@pytest_asyncio.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A service with projections that follow its log."""
    runner = ProjectionRunner(database_url, poll_seconds=0.01)
    await runner.catch_up()  # its tables stand before a list waits for half a second
    async with running_beside(runner.run()), an_api(database_url, tmp_path) as running:
        yield running


async def issued(api: Api, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"force_chronology": False, **more}
    found: dict[str, Any] = (await api.issue(**body)).data
    return found


async def ids(api: Api, query: str = "") -> list[str]:
    answer = await api.get(f"/invoices?{query}")
    assert answer.status == 200, answer.body
    return [invoice["id"] for invoice in answer.data["data"]]


@pytest.mark.parametrize("name", ["q", "search"])
async def test_searching_looks_at_full_number_client_and_tax_id(api: Api, name: str) -> None:
    await api.a_series("FACT")
    by_name = await issued(api, client_data={"name": "Brutăria Ștefan", "cui": "RO123"}, date="2026-01-01")
    other = await issued(api, client_data={"name": "50% _ off"}, date="2027-01-01")

    assert await ids(api, f"{name}=ștefan") == [by_name["id"]]
    assert await ids(api, f"{name}=ro123") == [by_name["id"]]
    assert await ids(api, f"{name}=FACT-2027") == [other["id"]]
    assert await ids(api, f"{name}=%25") == [other["id"]]
    assert await ids(api, f"{name}=") == [other["id"], by_name["id"]]
    assert await ids(api, f"{name}=nobody") == []


NAMES = ("Brutăria Ștefan", "CAFE\u0301  Zürich", "Łódź ß Straße", "Ærø & Œuvre", "\u00a0İstanbul ıĞŞ", "Ωμέγα Й")
TYPED = {
    "stefan": 0,
    "ŞTEFAN": 0,
    "S\u0326tefan": 0,
    "brutaria stefan": 0,
    "café": 1,
    "cafe zurich": 1,
    "cafe\u0301 ZU\u0308RICH": 1,
    "Lodz": 2,
    "strasse": 2,
    "aero & o": 3,
    "oeuvre": 3,
    "istanbul igs": 4,
    "ωμεγα": 5,
    "ΩΜΈΓΑ и": 5,
}


async def test_a_search_finds_what_people_type(api: Api) -> None:
    await api.a_series("FACT")
    made = [(await issued(api, client_data={"name": name}))["id"] for name in NAMES]

    for typed, which in TYPED.items():
        assert await ids(api, f"q={quote(typed)}") == [made[which]], typed


async def test_a_search_looks_for_a_text_and_for_no_pattern(api: Api) -> None:
    await api.a_series("FACT")
    made = (await issued(api, client_data={"name": "a%b_c\\d"}))["id"]
    await issued(api, client_data={"name": "axxbxcxd"})

    for typed in ("%b", "b_", "c\\d", "a%b_c\\d"):
        assert await ids(api, f"q={quote(typed)}") == [made], typed


async def test_a_document_is_found_by_what_it_says_now(api: Api) -> None:
    await api.a_series("FACT")
    invoice = (await issued(api, client_data={"name": "Popescu"}))["id"]
    draft = (await issued(api, client_data={"name": "Georgescu"}, is_draft=1))["id"]
    for id_ in (invoice, draft):
        assert (await api.ask("PATCH", f"/invoices/{id_}", json={"client_data": {"name": "Ionescu"}})).status == 200

    assert await ids(api, "q=popescu") == await ids(api, "q=georgescu") == []
    assert await ids(api, "q=ionescu") == [draft, invoice]


async def test_what_was_erased_is_found_by_nothing_that_it_said(api: Api, database_url: str) -> None:
    series = await api.a_series("FACT")
    erased, kept = [
        (await issued(api, client_data={"name": name, "cui": "RO77"}, client_id="c", currency="RON"))["id"]
        for name in ("Popescu", "Ionescu")
    ]
    number = (await api.get(f"/invoices/{erased}")).data["full_number"]
    reversal = (await api.post(f"/invoices/{erased}/storno")).data["id"]
    before = (await api.get("/invoices")).data["totals"]
    owner = await asyncpg.connect(database_url, server_settings={"role": "numbering_owner"})
    try:
        for document in (erased, reversal):
            statement = block("deploy/guide/evidence.md", "sql").replace("inv_...", document)
            assert await owner.execute(statement) == "DELETE 1"
        assert await owner.fetchval("SELECT count(*) FROM log.searchable WHERE words LIKE '%popescu%'") == 0
        assert await owner.fetchval("SELECT count(*) FROM log.searchable") == 1
    finally:
        await owner.close()

    assert await ids(api, "q=popescu") == []
    assert await ids(api, "q=ro77") == await ids(api, "q=ionescu") == [kept]
    assert await ids(api, f"q={number}") == [erased]
    assert await ids(api) == [reversal, kept, erased]
    assert await ids(api, f"series_id={series}&sort=number&order=asc") == [erased, kept, reversal]
    for sort in ("created_at", "date", "due_date", "total", "number"):
        assert set(await ids(api, f"sort={sort}")) == {erased, kept, reversal}
    listed = await api.get("/invoices")
    assert listed.data["totals"] == before
    assert "Popescu" not in str(listed.body)
    for path in (f"/invoices/{erased}", f"/invoices/{erased}/history", f"/invoice-series/{series}/numbers"):
        answer = await api.get(path)
        assert answer.status == 200, answer.body
        assert "Popescu" not in str(answer.body)
    assert (await api.post(f"/invoices/{erased}/storno")).refusal == (404, "resource_missing")
    assert (await api.get(f"/invoice-series/{series}/gaps")).status == 200
