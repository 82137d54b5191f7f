"""CONTRACT.md sections 6.2 and 11, D27, D63, D64, D80: the list of invoices."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from projections.keeping.runner import ProjectionRunner
from service.api.invoices.create_body import DIGITS_KEPT_MAX
from tests.support.service.client import Answer, Api, an_api
from tests.support.tasks import running_beside

TOTALS = {"subtotal", "vat", "total", "paid", "unpaid"}
RESTS_FOR_EVER = 3600.0


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


async def test_an_empty_list_has_one_page_and_sums_of_nothing(api: Api) -> None:
    found = (await api.get("/invoices")).data

    assert found == {
        "object": "list",
        "data": [],
        "has_more": False,
        "total": 0,
        "page": 1,
        "per_page": 50,
        "total_pages": 1,
        "totals": dict.fromkeys(TOTALS, 0),
    }


async def test_invoices_are_listed_as_they_are_read_newest_first(api: Api) -> None:
    await api.a_series()
    first, second = await issued(api), await issued(api, is_draft=1)
    await api.post(f"/invoices/{first['id']}/void", {"reason": "r"})

    found = (await api.get("/invoices")).data["data"]

    assert [invoice["id"] for invoice in found] == [second["id"], first["id"]]
    assert found == [(await api.get(f"/invoices/{invoice['id']}")).data for invoice in found]


async def test_what_was_deleted_is_not_listed(api: Api) -> None:
    await api.a_series()
    draft, invoice = await issued(api, is_draft=1), await issued(api)
    await api.post(f"/invoices/{invoice['id']}/void")
    assert len(await ids(api)) == 2
    for deleted in (draft, invoice):
        assert (await api.ask("DELETE", f"/invoices/{deleted['id']}")).status == 200

    assert await ids(api) == []


async def test_the_invoices_of_another_partition_are_not_seen(api: Api) -> None:
    await api.a_series()
    await issued(api)

    for credential in (api.other_firm.live_key, api.firm.test_key):
        assert (await api.get("/invoices", credential)).data["total"] == 0


async def test_pages(api: Api) -> None:
    await api.a_series()
    made = [(await issued(api))["id"] for _ in range(5)]

    def shape(answer: Answer) -> tuple[object, ...]:
        data = answer.data
        return len(data["data"]), data["has_more"], data["total"], data["page"], data["per_page"], data["total_pages"]

    assert shape(await api.get("/invoices?per_page=2")) == (2, True, 5, 1, 2, 3)
    assert shape(await api.get("/invoices?per_page=2&page=3")) == (1, False, 5, 3, 2, 3)
    assert shape(await api.get("/invoices?per_page=2&page=4")) == (0, False, 5, 4, 2, 3)
    assert shape(await api.get("/invoices?per_page=5")) == (5, False, 5, 1, 5, 1)
    pages = [await ids(api, f"per_page=2&page={page}") for page in (1, 2, 3)]
    assert [each for page in pages for each in page] == made[::-1]


@pytest.mark.parametrize("path", ["/invoices", "/invoices/{id}/history"])
@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=x", "page"),
        ("page=", "page"),
        ("page=1.5", "page"),
        ("per_page=0", "per_page"),
        ("per_page=101", "per_page"),
        ("per_page=99999999999999999999", "per_page"),
    ],
)
async def test_a_page_out_of_range_is_refused(api: Api, path: str, query: str, param: str) -> None:
    await api.a_series()
    invoice = (await issued(api))["id"]

    answer = await api.get(f"{path.format(id=invoice)}?{query}")

    assert answer.refusal == (400, "invalid_field_value")
    assert answer.error["param"] == param


@pytest.mark.parametrize(
    "query",
    [
        "status=nope",
        "status=",
        "document_type=nope",
        "is_paid=2",
        "is_void=yes",
        "currency=euro",
        "sort=nope",
        "order=up",
        "client_id=",
        "series_id=" + "x" * 65,
    ],
)
async def test_a_bad_filter_is_refused(api: Api, query: str) -> None:
    answer = await api.get(f"/invoices?{query}")

    assert answer.refusal == (400, "invalid_field_value")
    assert answer.error["param"] == query.partition("=")[0]


async def test_text_that_is_no_date_is_refused_as_a_format(api: Api) -> None:
    assert (await api.get("/invoices?start_date=2026-13-01")).refusal == (400, "invalid_format")
    several = await api.get("/invoices?start_date=x&end_date=y")
    assert several.refusal == (400, "invalid_request")
    assert set(several.error["errors"]) == {"start_date", "end_date"}


async def some_of_each(api: Api) -> dict[str, str]:
    """One invoice of each status, and a reversed pair, by name."""
    await api.a_series()
    await api.a_series("P", "proforma")
    made = {
        "issued": (await issued(api, date="2026-01-01", client_id="c1"))["id"],
        "overdue": (await issued(api, date="2026-01-02", due_date="2026-01-03"))["id"],
        "voided": (await issued(api, date="2026-01-04"))["id"],
        "draft": (await issued(api, date="2026-01-05", is_draft=1))["id"],
        "voided draft": (await issued(api, date="2026-01-06", is_draft=1))["id"],
        "proforma": (await issued(api, date="2026-01-07", document_type="proforma"))["id"],
        "euro": (await issued(api, date="2026-01-08", currency="EUR", currency_rate=5))["id"],
        "receipt": (await issued(api, date="2026-01-09", is_draft=1, document_type="receipt"))["id"],
        "source": (await issued(api, date="2026-01-10"))["id"],
    }
    for name in ("voided", "voided draft"):
        await api.post(f"/invoices/{made[name]}/void")
    made["storno"] = (await api.post(f"/invoices/{made['source']}/storno")).data["id"]
    return made


STANDING = {"issued", "overdue", "proforma", "euro", "source", "storno"}
DRAFTS = {"draft", "receipt"}
VOIDED = {"voided", "voided draft"}


async def test_filters(api: Api) -> None:
    made = await some_of_each(api)
    everything = STANDING | DRAFTS | VOIDED
    expected = {
        "": everything,
        "status=draft": DRAFTS,
        "status=issued": STANDING - {"overdue"},
        "status=sent": STANDING - {"overdue"},
        "status=overdue": {"overdue"},
        "status=paid": set[str](),
        "status=voided": VOIDED,
        "status=cancelled": VOIDED,
        "is_void=1": VOIDED,
        "is_void=0": everything - VOIDED,
        "is_void=true": VOIDED,
        "is_paid=1": set[str](),
        "is_paid=0": STANDING - {"source", "storno"},
        "document_type=proforma": {"proforma"},
        "document_type=receipt": {"receipt"},
        "document_type=fiscal": everything - {"proforma", "receipt"},
        "currency=EUR": {"euro"},
        "client_id=c1": {"issued"},
        "client_id=nobody": set[str](),
        "start_date=2026-01-09&end_date=2026-01-10": {"receipt", "source"},
        "end_date=2026-01-02": {"issued", "overdue"},
        "unknown=1": everything,
        "status=issued&currency=EUR": {"euro"},
    }
    names = {document_id: name for name, document_id in made.items()}

    for query, wanted in expected.items():
        assert {names[found] for found in await ids(api, query)} == wanted, query


async def test_a_series_is_a_filter_too(api: Api) -> None:
    series_id, other = await api.a_series("A"), await api.a_series("B")
    invoice = await issued(api, series_id=series_id)
    draft = await issued(api, series_id=series_id, is_draft=1)
    await issued(api, series_id=other)

    assert await ids(api, f"series_id={series_id}") == [draft["id"], invoice["id"]]
    assert await ids(api, "series_id=nope") == []


@pytest.mark.parametrize("name", ["q", "client_id", "expand"])
async def test_a_text_that_no_store_can_hold_is_no_fault_of_ours(api: Api, name: str) -> None:
    for text in ("%00", "%ed%a0%80", "%ff", "a%00b", "%f0%9f%98%80"):
        assert (await api.get(f"/invoices?{name}={text}")).status in {200, 400}


@pytest.mark.parametrize("name", ["q", "search", "client_id"])
async def test_nul_is_one_fault_and_named(api: Api, name: str) -> None:
    answer = await api.get(f"/invoices?{name}=a%00b")

    assert (answer.refusal, answer.error["param"]) == ((400, "invalid_field_value"), name)


async def test_the_vastest_numbers_a_client_may_send_stop_no_list(api: Api) -> None:
    await api.a_series()
    delegate = b'{"a":[1e999,-1e999,1e-1000,' + b"9" * DIGITS_KEPT_MAX + b",0." + b"9" * DIGITS_KEPT_MAX + b"]}"
    body = b'{"client_id":"c","items":[{"description":"x","quantity":1,"price":1}],"delegate":' + delegate + b"}"

    invoice = (await api.ask("POST", "/invoices", data=body)).data["id"]

    assert await ids(api, "client_id=c") == [invoice]


async def test_sorting(api: Api) -> None:
    await api.a_series()

    async def made(date: str, due_date: str | None, price: int) -> str:
        items = [{"description": "x", "quantity": 1, "price": price}]
        found: str = (await issued(api, date=date, due_date=due_date, items=items))["id"]
        return found

    a = await made("2026-01-02", "2099-01-03", 10)
    b = await made("2026-01-03", "2099-01-01", 20)
    c = await made("2026-01-01", "2099-01-02", 5)

    expected = {
        "created_at": [a, b, c],
        "number": [a, b, c],
        "date": [c, a, b],
        "due_date": [b, c, a],
        "total": [c, a, b],
    }
    for sort, ascending in expected.items():
        assert await ids(api, f"sort={sort}&order=asc") == ascending
        assert await ids(api, f"sort={sort}") == ascending[::-1]
        assert await ids(api, f"sort={sort}&order=desc") == ascending[::-1]


async def test_totals_are_of_numbered_and_standing_invoices_in_ron(api: Api) -> None:
    await some_of_each(api)

    totals = (await api.get("/invoices?per_page=1")).data["totals"]

    # Issued, overdue and proforma have 24.99 each, euro has five times that; an invoice and its storno add up to zero.
    assert totals == {"subtotal": 168, "vat": 31.92, "total": 199.92, "paid": 0, "unpaid": 199.92}
    euro = (await api.get("/invoices?currency=EUR")).data["totals"]
    assert (euro["total"], euro["unpaid"]) == (124.95, 124.95)
    assert (await api.get("/invoices?is_void=1")).data["totals"] == dict.fromkeys(TOTALS, 0)


@pytest.mark.parametrize("query", ["expand[]=lines&expand[]=client", "expand=lines,client", "expand=nope", "expand[]="])
async def test_everything_is_expanded_and_unknown_expansions_are_ignored(api: Api, query: str) -> None:
    await api.a_series()
    invoice = await issued(api)

    assert (await api.get(f"/invoices?{query}")).data["data"] == [invoice]
    assert (await api.get(f"/invoices/{invoice['id']}?{query}")).data == invoice


async def test_an_updated_invoice_is_listed_by_what_it_says_now(api: Api) -> None:
    await api.a_series()
    invoice = await issued(api, client_id="c1", date="2026-01-01")
    changed = (await api.ask("PUT", f"/invoices/{invoice['id']}", json={"client_id": "c2", "date": "2026-02-02"})).data

    assert await ids(api, "client_id=c1") == []
    found = (await api.get("/invoices?client_id=c2&start_date=2026-02-02")).data
    assert found["data"] == [changed]


async def test_a_list_waits_for_the_events_of_its_own_firm_only(database_url: str, tmp_path: Path) -> None:
    async with an_api(database_url, tmp_path) as api:
        runner = ProjectionRunner(database_url, poll_seconds=0.01)
        await runner.catch_up()
        async with running_beside(runner.run()):
            await api.a_series()
            invoice = await issued(api)
            assert await ids(api) == [invoice["id"]]
        # From here on no projection runs, and another firm writes events.
        await api.post("/invoice-series", {"name": "A", "document_type": "fiscal"}, api.other_firm.live_key)
        assert await ids(api) == [invoice["id"]]

        assert (await api.get("/invoices", api.other_firm.live_key)).refusal == (503, "service_unavailable")
        await api.ask("DELETE", f"/invoices/{(await api.issue(is_draft=1)).data['id']}")
        assert (await api.get("/invoices")).refusal == (503, "service_unavailable")


async def test_a_list_that_waits_wakes_projections_that_rest(database_url: str, tmp_path: Path) -> None:
    runner = ProjectionRunner(database_url, poll_seconds=RESTS_FOR_EVER)
    await runner.catch_up()  # its tables stand before a list waits for half a second
    async with running_beside(runner.run()), an_api(database_url, tmp_path) as api:
        await api.a_series()
        invoices: list[str] = []
        for _ in range(3):
            invoices.insert(0, (await issued(api))["id"])
            assert await ids(api) == invoices
        await api.post("/invoice-series", {"name": "B", "document_type": "fiscal"}, api.other_firm.live_key)
        assert (await api.get("/invoices", api.other_firm.live_key)).status == 200


async def test_without_the_projection_the_list_asks_to_come_back(database_url: str, tmp_path: Path) -> None:
    async with an_api(database_url, tmp_path) as alone:
        answer = await alone.get("/invoices")

    assert answer.refusal == (503, "service_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
