"""CONTRACT.md D91, D92 and D93: what invoices come to, through the API."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from msgspec.structs import replace

from projections.keeping.runner import ProjectionRunner
from schemas.commands import ChangeDocument
from schemas.values import DocumentId, IsoDate, Number, SeriesId
from service.access.callers import Principal
from service.documents.content import Amounts, open_invoice
from service.documents.new import sealed
from service.writer.request import Answered, Submission
from tests.support.service.client import Answer, Api, an_api
from tests.support.tasks import running_beside

PARTS: Final = ("subtotal", "vat_amount", "total")
PARTS_RON: Final = ("subtotal_ron", "vat_amount_ron", "total_ron")


@pytest_asyncio.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A service with projections that follow its log."""
    runner = ProjectionRunner(database_url, poll_seconds=0.01)
    await runner.catch_up()  # its tables stand before a list waits for half a second
    async with running_beside(runner.run()), an_api(database_url, tmp_path) as running:
        yield running


def line(price: float, quantity: float = 1, **more: object) -> dict[str, object]:
    return {"description": "x", "price": price, "quantity": quantity, **more}


def parts(document: dict[str, Any], names: tuple[str, ...] = PARTS) -> list[float]:
    return [document[name] for name in names]


async def issue(api: Api, *items: dict[str, object], **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await api.issue(items=list(items), **more)).data
    return found


@pytest.mark.parametrize(
    ("currency", "price", "vat_rate", "amounts", "amounts_ron"),
    [
        ("EUR", 10.01, 19, [10.01, 1.9, 11.91], [49.8, 9.45, 59.25]),
        ("JPY", 1127, 9, [1127, 101, 1228], [5607.39, 502.53, 6109.92]),
        ("KWD", 0.125, 5, [0.125, 0.006, 0.131], [0.62, 0.03, 0.65]),
        ("CLF", 0.00005, 19, [0.0001, 0, 0.0001], [0, 0, 0]),
    ],
)
async def test_amounts_have_the_decimals_of_their_currency_and_add_up(
    api: Api, currency: str, price: float, vat_rate: int, amounts: list[float], amounts_ron: list[float]
) -> None:
    """CONTRACT.md D91."""
    await api.a_series()
    invoice = await issue(api, line(price, vat_rate=vat_rate), currency=currency, currency_rate=4.9755)

    assert parts(invoice) == parts(invoice["items"][0]) == amounts
    assert parts(invoice, PARTS_RON) == amounts_ron
    totals = (await api.get("/invoices")).data["totals"]
    assert [totals[name] for name in ("subtotal", "vat", "total")] == amounts_ron


@pytest.mark.parametrize("currency", ["ZZZ", "XTS", "XAU", "eur", "EURO"])
async def test_an_unknown_currency_is_refused_everywhere(api: Api, currency: str) -> None:
    """CONTRACT.md D91."""
    series_id = await api.a_series()
    invoice = (await api.issue()).data
    asked: list[Answer] = [
        await api.issue(currency=currency, currency_rate=5),
        await api.issue(currency=currency, currency_rate=5, is_draft=1),
        await api.issue(currency=currency),
        await api.ask("PATCH", f"/invoices/{invoice['id']}", json={"currency": currency, "exchange_rate": 5}),
        await api.get(f"/invoices?currency={currency}"),
    ]

    for answer in asked:
        assert (answer.refusal, answer.error["param"]) == ((400, "invalid_field_value"), "currency")
    assert await api.next_number(series_id) == 2


@pytest.mark.parametrize(
    ("day", "rate"),
    [("2010-06-30", 19), ("2010-07-01", 24), ("2016-06-01", 20), ("2017-01-01", 19), ("2025-08-01", 21), (None, 21)],
)
async def test_a_line_without_a_rate_has_the_standard_one_of_the_day(api: Api, day: str | None, rate: int) -> None:
    """CONTRACT.md D92."""
    await api.a_series()
    dated = {} if day is None else {"date": day}

    for more in ({}, {"is_draft": 1}):
        invoice = await issue(api, line(100), line(100, vat_rate=5), **dated, **more, force_chronology=False)
        assert ([each["vat_rate"] for each in invoice["items"]], invoice["vat_amount"]) == ([rate, 5], rate + 5)


async def test_the_date_of_an_update_decides_for_new_lines_and_changes_no_old_one(api: Api) -> None:
    """CONTRACT.md D92."""
    await api.a_series()
    invoice = await issue(api, line(100), date="2025-07-01")
    path = f"/invoices/{invoice['id']}"

    moved = (await api.ask("PATCH", path, json={"date": "2025-08-02"})).data
    assert (moved["date"], moved["items"], moved["vat_amount"]) == ("2025-08-02", invoice["items"], 19)
    renewed = (await api.ask("PATCH", path, json={"items": [line(100)]})).data
    assert renewed["vat_amount"] == 21
    both = (await api.ask("PATCH", path, json={"items": [line(100)], "date": "2025-07-31"})).data
    assert both["vat_amount"] == 19


@pytest.mark.parametrize(("price", "vat"), [(0.03, 0.57), (0.02, 0.38)])
async def test_the_vat_of_a_rate_is_that_rate_of_its_lines_together(api: Api, price: float, vat: float) -> None:
    """CONTRACT.md D92: the difference goes to the largest line, so that header and lines agree."""
    await api.a_series()
    lines = [*(line(price, vat_rate=19) for _ in range(99)), line(price, vat_rate=19), line(7.77, vat_rate=9)]
    invoice = await issue(api, *lines)

    assert invoice["vat_amount"] == round(vat + 0.7, 2)
    assert round(sum(each["vat_amount"] for each in invoice["items"]), 2) == invoice["vat_amount"]
    assert {each["vat_amount"] for each in invoice["items"][1:100]} <= {0.01, 0}


@pytest.mark.parametrize("currency", ["RON", "EUR", "JPY", "KWD"])
async def test_a_reversal_is_an_exact_mirror(api: Api, currency: str) -> None:
    """CONTRACT.md D92."""
    await api.a_series()
    rate = {} if currency == "RON" else {"currency_rate": 4.9755}
    lines = [line(0.335, 3), line(1.115, vat_rate=9), line(-2.675, vat_rate=9), *(line(0.03) for _ in range(20))]
    source = await issue(api, *lines, currency=currency, **rate)

    reversal = (await api.post(f"/invoices/{source['id']}/storno")).data

    for names in (PARTS, PARTS_RON):
        assert parts(reversal, names) == [-amount for amount in parts(source, names)]
    for one, other in zip(source["items"], reversal["items"], strict=True):
        assert (other["quantity"], *parts(other)) == (-one["quantity"], *(-amount for amount in parts(one)))
    totals = (await api.get("/invoices")).data["totals"]
    assert set(totals.values()) == {0}


async def test_what_is_reversed_is_nobodys_debt_until_the_reversal_is_voided(api: Api) -> None:
    """CONTRACT.md D93."""
    await api.a_series()
    owed = await issue(api, line(50, vat_rate=0), due_date="2026-02-10")
    source = await issue(api, line(100, vat_rate=0), due_date="2026-02-10")
    reversal = (await api.post(f"/invoices/{source['id']}/storno")).data

    async def unpaid(query: str) -> tuple[set[str], float]:
        data = (await api.get(f"/invoices?{query}")).data
        return {each["id"] for each in data["data"]}, data["totals"]["unpaid"]

    for query in ("status=overdue", "is_paid=0"):
        assert await unpaid(query) == ({owed["id"]}, 50)
    assert await unpaid("") == ({owed["id"], source["id"], reversal["id"]}, 50)
    assert await unpaid("status=issued") == ({source["id"], reversal["id"]}, 0)
    assert (await api.get(f"/invoices/{source['id']}")).data["status"] == "issued"
    await api.post(f"/invoices/{reversal['id']}/void")
    for query in ("status=overdue", "is_paid=0", ""):
        found, worth = await unpaid(query)
        assert (found - {reversal["id"]}, worth) == ({owed["id"], source["id"]}, 150)
    assert (await api.get(f"/invoices/{source['id']}")).data["status"] == "overdue"


async def as_written_before(api: Api, invoice: dict[str, Any], **other: Any) -> None:
    """Give an invoice a content of the version before, whose amounts were rounded by other rules."""
    principal = await api.dependencies.access.who(api.firm.live_key)
    assert isinstance(principal, Principal)
    records = await api.dependencies.log.document(DocumentId(invoice["id"]))
    digest = getattr(records[-1].record.event, "content", None)
    assert digest is not None
    said = open_invoice((await api.dependencies.log.contents([digest]))[digest])
    content = sealed(replace(said, **other))
    day = IsoDate(invoice["date"])
    command = ChangeDocument(
        series_id=SeriesId(invoice["series_id"]),
        number=Number(invoice["number_idx"]),
        full_number=invoice["full_number"],
        document_id=DocumentId(invoice["id"]),
        issued_date=day,
        date=day,
        content_before=digest,
        content=content.digest,
    )
    answer = await api.dependencies.writer.submit(Submission(command, principal.caller, content))
    assert isinstance(answer, Answered)


async def test_an_invoice_of_before_keeps_what_was_printed(api: Api) -> None:
    """CONTRACT.md D91 and D92: amounts are computed again only where lines, currency or rate change."""
    await api.a_series()
    invoice = await issue(api, *(line(0.03, vat_rate=19) for _ in range(3)), currency="EUR", currency_rate=4.9755)
    amounts, amounts_ron = (
        Amounts(Decimal("0.09"), Decimal("0.03"), Decimal("0.12")),
        Amounts(Decimal("0.45"), Decimal("0.15"), Decimal("0.61")),
    )
    await as_written_before(api, invoice, currency="ZZZ", amounts=amounts, amounts_ron=amounts_ron)
    path = f"/invoices/{invoice['id']}"
    read = (await api.get(path)).data

    assert parts(read, PARTS_RON) == [0.45, 0.15, 0.61]
    assert (await api.ask("PUT", path, json=read)).data == read
    noted = (await api.ask("PUT", path, json={**read, "due_date": "2099-01-01"})).data
    assert parts(noted, PARTS + PARTS_RON) == parts(read, PARTS + PARTS_RON)
    reversal = (await api.post(f"{path}/storno")).data
    assert parts(reversal, PARTS + PARTS_RON) == [-amount for amount in parts(read, PARTS + PARTS_RON)]
    await api.post(f"/invoices/{reversal['id']}/void")
    renewed = (await api.ask("PUT", path, json={"exchange_rate": 4.9755, "items": [line(0.03, 3, vat_rate=19)]})).data
    assert parts(renewed) == [0.09, 0.02, 0.11]
