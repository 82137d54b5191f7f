"""GET /v1/reports/d394, and what opening a series says of D394 (CONTRACT.md D117)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest_asyncio

from projections.keeping.runner import ProjectionRunner
from service.listings.csv_writer import Dialect
from tests.listings.read_back import csv_rows
from tests.support.service.client import Api, an_api
from tests.support.tasks import running_beside


@pytest_asyncio.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A service with projections that follow its log."""
    runner = ProjectionRunner(database_url, poll_seconds=0.01)
    await runner.catch_up()
    async with running_beside(runner.run()), an_api(database_url, tmp_path) as running:
        yield running


def days(api: Api) -> str:
    """The query for the last thirty days."""
    today = api.dependencies.today()
    return f"start_date={today - timedelta(days=30)}&end_date={today}"


async def of_part(api: Api, part: str, query: str = "", credential: str | None = None) -> list[dict[str, Any]]:
    """The rows of one part of the report."""
    report = (await api.get(f"/reports/d394?{days(api)}{query}", credential)).data
    assert report["object"] == "d394_report"
    return [row for row in report["data"] if row["part"] == part]


async def test_a_days_work_is_declared_by_its_totals(api: Api) -> None:
    """A reversal and an invoice of a negative total are reversed ones; a reversal of that one is not."""
    series = await api.a_locked_series()
    first, second, _ = await api.tokens(series, 3)
    device = api.firm.device_a
    sold = (await api.issue(device, reservation_token=first)).data["id"]
    await api.post(f"/invoice-series/reservations/{second}/release", credential=device)
    await api.post(f"/invoices/{sold}/storno", credential=device)
    back = [{"description": "Paper", "quantity": 1, "price": -8, "vat_rate": 21}]
    taken_back = (await api.issue(device, series_id=series, items=back)).data["id"]
    await api.post(f"/invoices/{taken_back}/storno", credential=device)
    void = (await api.issue(device, series_id=series)).data["id"]
    await api.post(f"/invoices/{void}/void")

    report = (await api.get(f"/reports/d394?{days(api)}")).data

    assert (report["invoices"], report["invoices_reversed"], report["invoices_voided"]) == (5, 2, 1)
    assert [row["first"] for row in report["data"] if row["part"] == "reversed"] == [4, 5]
    assert [row["first"] for row in report["data"] if row["part"] == "voided"] == [7]
    assert [(row["first"], row["last"]) for row in report["data"] if row["part"] == "issued"] == [(1, 1), (4, 7)]
    missing = [(row["first"], row["reason"]) for row in report["data"] if row["part"] == "not_issued"]
    assert missing == [(2, "released"), (3, "pending")]
    position = report["as_of"]["position"]
    assert (await api.get(f"/reports/d394?{days(api)}&as_of_position={position}")).data == report


async def test_what_an_erased_total_was_is_not_known_but_a_reversal_is_still_one(api: Api) -> None:
    series = await api.a_series()
    sold = (await api.issue(series_id=series)).data["id"]
    reversal = (await api.post(f"/invoices/{sold}/storno")).data["id"]
    erased = await api.post(f"/invoices/{reversal}/erase", {"reason": "The customer asked for it"}, api.firm.admin)
    assert erased.status == 200

    assert [row["first"] for row in await of_part(api, "reversed")] == [2]
    assert [row["first"] for row in await of_part(api, "reversed", "&as_of_position=999")] == [2]


async def test_the_plan_of_the_decision_is_the_allocated_range(api: Api) -> None:
    series = await api.a_series(start_number=101)
    await api.issue(series_id=series)

    assert [(row["first"], row["last"]) for row in await of_part(api, "allocated")] == [(101, 101)]
    assert [(row["first"], row["last"]) for row in await of_part(api, "allocated", "&range_size=50")] == [(101, 150)]


async def test_admins_keys_and_auditors_read_it_and_each_firm_reads_its_own(api: Api) -> None:
    await api.issue(series_id=await api.a_series())

    for credential in (api.firm.live_key, api.firm.admin, api.firm.auditor, api.firm.auditor_key):
        assert len(await of_part(api, "issued", credential=credential)) == 1
    assert (await api.get("/reports/d394", api.firm.device_a)).refusal == (403, "insufficient_permissions")
    for credential in (api.other_firm.live_key, api.firm.test_key):
        assert await of_part(api, "allocated", credential=credential) == []


async def test_without_a_period_it_is_the_month_that_is_over(api: Api) -> None:
    today = api.dependencies.today()
    end = today.replace(day=1) - timedelta(days=1)

    report = (await api.get("/reports/d394")).data

    assert (report["start_date"], report["end_date"]) == (str(end.replace(day=1)), str(end))
    assert (report["time_zone"], report["data"]) == ("Europe/Bucharest", [])
    quarter = (await api.get("/reports/d394?period=2026-Q4")).data
    assert (quarter["start_date"], quarter["end_date"]) == ("2026-10-01", "2026-12-31")


async def test_it_is_also_a_file_and_a_fragment_of_the_declaration(api: Api) -> None:
    await api.issue(series_id=await api.a_series())

    async def file_of(query: str, accept: str = "*/*") -> tuple[str, bytes]:
        headers = {"Authorization": f"Bearer {api.firm.auditor_key}", "Accept": accept}
        url = f"{api.base_url}/v1/reports/d394?{days(api)}{query}"
        async with api.session.get(url, headers=headers) as response:
            assert response.status == 200
            return response.headers["Content-Type"], await response.read()

    kind, fragment = await file_of("&format=xml")
    assert kind == "application/xml"
    assert [each.get("tip") for each in ET.fromstring(fragment)][1:] == ["1", "2"]  # noqa: S314 - our own
    assert "nu se depune ca atare" in fragment.decode()
    assert "cannot be filed" in (await file_of("&format=xml&language=en"))[1].decode()
    kind, table = await file_of("&dialect=plain&language=en", "text/csv")
    assert kind == "text/csv; charset=utf-8"
    assert [row[0] for row in csv_rows(table, Dialect.PLAIN) if row][:3] == ["What", "allocated", "issued"]
    assert (await file_of("&format=pdf"))[1].startswith(b"%PDF")


BAD: Final = {
    "period=2026-13": "period",
    "period=2026-Q5": "period",
    "period=1999-01": "period",
    "period=november": "period",
    "period=2026-11%0A": "period",
    "period=2026-11&start_date=2026-11-01&end_date=2026-11-30": "period",
    "start_date=2026-11-01": "end_date",
    "end_date=2026-11-30": "start_date",
    "start_date=2026-11-30&end_date=2026-11-01": "end_date",
    "start_date=2026-01-01&end_date=2027-06-30": "end_date",
    "start_date=1999-12-31&end_date=2000-01-31": "start_date",
    "start_date=9999-12-01&end_date=9999-12-31": "end_date",
    "start_date=2026-02-30&end_date=2026-03-01": "start_date",
    "range_size=0": "range_size",
    "as_of_position=0": "as_of_position",
    "format=docx": "format",
}
"""Wrong queries, and the parameter that the refusal names."""


async def test_a_bad_query_is_named(api: Api) -> None:
    for query, param in BAD.items():
        answer = await api.get(f"/reports/d394?{query}")
        assert (answer.status, answer.error["param"]) == (400, param), query


async def test_opening_a_series_warns_of_what_d394_cannot_hold_and_opens_it(api: Api) -> None:
    async def codes(name: str, key: str | None = None, **more: object) -> list[str]:
        answer = await api.post("/invoice-series", {"name": name, "document_type": "fiscal", **more}, key=key)
        assert answer.status == 201
        return [each["code"] for each in answer.data["warnings"]]

    assert await codes("FACT") == []
    assert await codes("A" * 14) == []
    assert await codes("A" * 15, "a-key") == ["d394_series_text_too_long"]
    assert await codes("A" * 15, "a-key") == ["d394_series_text_too_long"], "also when it is repeated"
    assert await codes("B", format="B{number}/{year}") == ["d394_text_after_number"]
    both = "C" * 25 + "{number}X"
    assert await codes("C", format=both) == ["d394_text_after_number", "d394_series_text_too_long"]
    assert await codes("D" * 20, document_type="proforma") == [], "D394 is about invoices"
