"""CONTRACT.md D68: the register and the gap report over HTTP."""

from typing import Any

import pytest

from tests.support.service.client import Api


async def a_days_work(api: Api) -> str:
    """1 released, 2 on a voided invoice, 3 pending, 4 issued online."""
    series_id = await api.a_locked_series()
    first, second, _ = await api.tokens(series_id, 3)
    device = api.firm.device_a
    await api.post(f"/invoice-series/reservations/{first}/release", credential=device)
    invoice = (await api.issue(device, reservation_token=second)).data["id"]
    await api.post(f"/invoices/{invoice}/void")
    await api.issue(device, series_id=series_id)
    return series_id


def terms(report: dict[str, Any]) -> dict[str, int]:
    return {term: count for term, count in report["equation"].items() if count}


async def test_the_register_says_what_became_of_every_number(api: Api) -> None:
    """CONTRACT.md D46 and D68."""
    series_id = await a_days_work(api)

    report = (await api.get(f"/invoice-series/{series_id}/numbers")).data

    assert (report["object"], report["series_id"], report["has_more"]) == ("number_register", series_id, False)
    assert terms(report) == {"taken": 4, "released": 1, "voided": 1, "pending": 1, "standing": 1}
    assert set(report["as_of"]) == {"position", "time"}
    assert [(row["first"], row["last"], row["fate"]) for row in report["data"]] == [
        (1, 1, "released"),
        (2, 2, "voided"),
        (3, 3, "pending"),
        (4, 4, "standing"),
    ]
    assert {row["object"] for row in report["data"]} == {"number_range"}
    assert [row["invoice_id"] is None for row in report["data"]] == [True, False, True, False]


async def test_the_register_is_paged_and_filtered(api: Api) -> None:
    series_id = await a_days_work(api)
    path = f"/invoice-series/{series_id}/numbers"

    page = (await api.get(f"{path}?after=1&per_page=2")).data
    assert ([row["first"] for row in page["data"]], page["has_more"]) == ([2, 3], True)
    assert [row["first"] for row in (await api.get(f"{path}?fate=voided")).data["data"]] == [2]


async def test_the_gap_report_lists_every_gap_and_the_equation(api: Api) -> None:
    series_id = await a_days_work(api)

    report = (await api.get(f"/invoice-series/{series_id}/gaps")).data

    assert (report["object"], terms(report)["taken"]) == ("gap_report", 4)
    (gap,) = report["data"]
    assert (gap["object"], gap["first"], gap["last"], gap["count"], gap["reason"]) == ("gap", 1, 1, 1, "released")
    assert (gap["device_id"], gap["ended_by"].partition(":")[0]) == ("device-a", "session")
    assert len(gap["positions"]) == 2
    earlier = (await api.get(f"/invoice-series/{series_id}/gaps?as_of_position=3")).data
    assert (earlier["data"], earlier["as_of"]["position"]) == ([], 3)


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("per_page=0", "per_page"),
        ("per_page=1001", "per_page"),
        ("per_page=x", "per_page"),
        ("after=-1", "after"),
        ("after=1.5", "after"),
        ("after=%00", "after"),
        ("after=" + "9" * 100, "after"),
        ("fate=mislaid", "fate"),
        ("as_of_position=0", "as_of_position"),
    ],
)
async def test_a_bad_query_is_named(api: Api, query: str, param: str) -> None:
    answer = await api.get(f"/invoice-series/aaaaaaaaaa/numbers?{query}")

    assert answer.refusal == (400, "invalid_field_value")
    assert answer.error["param"] == param
