"""CONTRACT.md section 10, D30, D54a, D71, D83: a reversal takes the next number and names what it reverses."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.values import NUMBER_MAX
from tests.support.service.client import Api


async def an_invoice(api: Api, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await api.issue(**more)).data
    return found


async def test_a_reversal_negates_the_lines_and_takes_the_next_number(api: Api) -> None:
    series_id = await api.a_series()
    items = [
        {"description": "a", "quantity": 2, "price": 10.5, "vat_rate": 19},
        {"description": "b", "quantity": 1, "price": -0.125, "vat_rate": 0},
    ]
    source = await an_invoice(api, series_id=series_id, items=items, due_date="2099-01-01", client_id="c")

    answer = await api.post(f"/invoices/{source['id']}/storno")

    reversal = answer.data
    assert answer.status == 200
    assert (reversal["number"], reversal["series_id"], reversal["is_storno"]) == ("00002", series_id, True)
    assert (reversal["storno_for"], reversal["storno_bill_id"], reversal["status"]) == (source["id"], None, "issued")
    assert [(line["quantity"], line["price"]) for line in reversal["items"]] == [(-2, 10.5), (-1, -0.125)]
    assert [line["total"] for line in reversal["items"]] == [-24.99, 0.13]
    for amount in ("subtotal", "vat_amount", "total", "subtotal_ron", "vat_amount_ron", "total_ron"):
        assert reversal[amount] == -source[amount]
    assert (reversal["client_id"], reversal["due_date"]) == ("c", None)
    assert (await api.get(f"/invoices/{reversal['id']}")).data == reversal
    now = (await api.get(f"/invoices/{source['id']}")).data
    expected = source | {"storno_bill_id": reversal["id"], "modified_at": now["modified_at"]}
    assert now == expected
    assert await api.next_number(series_id) == 3


async def test_a_reversal_in_another_currency_keeps_the_rate(api: Api) -> None:
    await api.a_series()
    source = await an_invoice(api, currency="EUR", currency_rate=4.9763)

    reversal = (await api.post(f"/invoices/{source['id']}/storno")).data

    assert (reversal["currency"], reversal["exchange_rate"], reversal["total_ron"]) == (
        "EUR",
        4.9763,
        -source["total_ron"],
    )


async def test_a_reversal_is_of_what_the_invoice_says_now(api: Api) -> None:
    await api.a_series()
    source = await an_invoice(api)
    items = [{"description": "x", "quantity": 1, "price": 100, "vat_rate": 0}]
    await api.ask("PUT", f"/invoices/{source['id']}", json={"items": items})

    assert (await api.post(f"/invoices/{source['id']}/storno")).data["total"] == -100


async def test_a_reversal_is_dated_today_and_never_refused_for_it(api: Api) -> None:
    await api.a_series()
    ahead = api.dependencies.today() + timedelta(days=366)
    source = await an_invoice(api, date=ahead.isoformat())

    reversal = (await api.post(f"/invoices/{source['id']}/storno")).data

    assert reversal["date"] == api.dependencies.today().isoformat()
    assert reversal["full_number"] == f"FACT-{reversal['date'][:4]}-00002"


async def test_what_cannot_be_reversed(api: Api) -> None:
    await api.a_series()
    await api.a_series("P", "proforma")
    source, voided = await an_invoice(api), await an_invoice(api)
    await api.post(f"/invoices/{voided['id']}/void")
    reversal = (await api.post(f"/invoices/{source['id']}/storno")).data

    for refused in (
        reversal["id"],
        voided["id"],
        (await an_invoice(api, document_type="proforma"))["id"],
        (await an_invoice(api, is_draft=1))["id"],
    ):
        assert (await api.post(f"/invoices/{refused}/storno")).refusal == (400, "invoice_cannot_be_storned")
    assert (await api.post(f"/invoices/{source['id']}/storno")).refusal == (400, "invoice_already_storned")


async def test_a_source_whose_reversal_was_voided_or_deleted_may_be_reversed_again(api: Api) -> None:
    series_id = await api.a_series()
    source = (await an_invoice(api))["id"]

    first = (await api.post(f"/invoices/{source}/storno")).data["id"]
    await api.post(f"/invoices/{first}/void")
    assert (await api.get(f"/invoices/{source}")).data["storno_bill_id"] is None
    second = (await api.post(f"/invoices/{source}/storno")).data["id"]
    assert (await api.get(f"/invoices/{source}")).data["storno_bill_id"] == second
    assert (await api.post(f"/invoices/{first}/unvoid")).refusal == (400, "invoice_already_storned")
    await api.post(f"/invoices/{second}/void")
    assert (await api.ask("DELETE", f"/invoices/{second}")).status == 200
    assert (await api.get(f"/invoices/{source}")).data["storno_bill_id"] is None
    assert (await api.post(f"/invoices/{first}/unvoid")).status == 200
    assert (await api.get(f"/invoices/{source}")).data["storno_bill_id"] == first
    assert await api.next_number(series_id) == 4


async def test_a_sale_is_taken_back_once(api: Api) -> None:
    """CONTRACT.md D93."""
    await api.a_series()
    source = (await an_invoice(api))["id"]
    reversal = (await api.post(f"/invoices/{source}/storno")).data["id"]

    assert (await api.post(f"/invoices/{source}/void")).refusal == (400, "invoice_already_storned")
    await api.post(f"/invoices/{reversal}/void")
    assert (await api.post(f"/invoices/{source}/void")).data["status"] == "voided"
    assert (await api.post(f"/invoices/{reversal}/unvoid")).refusal == (400, "invoice_cannot_be_storned")
    assert (await api.post(f"/invoices/{source}/storno")).refusal == (400, "invoice_cannot_be_storned")
    await api.post(f"/invoices/{source}/unvoid")
    assert (await api.post(f"/invoices/{reversal}/unvoid")).data["status"] == "issued"


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        ("device_a", 200),
        ("device_b", (403, "series_locked_other_device")),
        ("live_key", (403, "series_locked_to_device")),
    ],
)
async def test_a_reversal_is_gated_by_the_lock(api: Api, caller: str, expected: object) -> None:
    series_id = await api.a_locked_series()
    source = (await api.issue(api.firm.device_a, series_id=series_id)).data["id"]

    answer = await api.post(f"/invoices/{source}/storno", credential=getattr(api.firm, caller))

    assert (answer.status if expected == 200 else answer.refusal) == expected
    assert await api.next_number(series_id) == (3 if expected == 200 else 2)


async def test_the_state_of_the_source_comes_before_the_lock(api: Api) -> None:
    series_id = await api.a_locked_series()
    source = (await api.issue(api.firm.device_a, series_id=series_id)).data["id"]
    await api.post(f"/invoices/{source}/storno", credential=api.firm.device_a)

    assert (await api.post(f"/invoices/{source}/storno")).refusal == (400, "invoice_already_storned")


async def test_a_counter_at_its_end_reverses_nothing(api: Api) -> None:
    await api.a_series(start_number=NUMBER_MAX)
    source = (await an_invoice(api))["id"]

    assert (await api.post(f"/invoices/{source}/storno")).refusal == (409, "series_exhausted")


async def test_a_reversal_repeated_under_its_key_is_one_reversal(api: Api) -> None:
    series_id = await api.a_series()
    source = (await an_invoice(api))["id"]

    first = await api.post(f"/invoices/{source}/storno", key="k")
    again = await api.post(f"/invoices/{source}/storno", key="k")

    assert (again.status, again.data) == (200, first.data)
    assert await api.next_number(series_id) == 3


async def test_an_invoice_of_another_firm_is_not_reversed(api: Api) -> None:
    await api.a_series()
    source = (await an_invoice(api))["id"]

    for credential in (api.other_firm.live_key, api.firm.test_key):
        assert (await api.post(f"/invoices/{source}/storno", credential=credential)).refusal == (
            404,
            "resource_missing",
        )
