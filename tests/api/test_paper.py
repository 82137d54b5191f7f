"""What stands on paper: a number once, and dates that can be meant (CONTRACT.md D87 and D88)."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.service.client import AN_INVOICE, Api, Options, an_api

ABSENT = "/invoices/inv_0000000000"


async def opened(api: Api, name: str, number_format: str | None, document_type: str = "fiscal") -> tuple[int, str]:
    """Status, and the code of a refusal, of opening a series."""
    body = {"name": name, "document_type": document_type, "format": number_format}
    answer = await api.post("/invoice-series", body)
    return answer.status, "" if answer.status == 201 else f"{answer.error['code']} {answer.error['param']}"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("INV-{number}", "INV-{number}"),
        ("F{number}", "F1{number}"),
        ("X-{year}-{number}", "X-2026-{number}"),
        (None, "A-{year}-{number}"),
        ("B-{year}-{number}", None),
    ],
)
async def test_a_series_that_could_print_what_another_prints_is_not_opened(
    api: Api, first: str | None, second: str | None
) -> None:
    """CONTRACT.md D87."""
    series_id = await api.a_series("A", format=first)

    answer = await api.post("/invoice-series", {"name": "B", "document_type": "fiscal", "format": second})

    assert (*answer.refusal, answer.error["param"]) == (409, "resource_already_exists", "format")
    assert f"series A ({series_id})" in answer.error["message"]
    assert (await opened(api, "B", second, "proforma"))[0] == 201


async def test_formats_of_another_case_type_mode_or_firm_do_not_meet(api: Api) -> None:
    """CONTRACT.md D87."""
    await api.a_series("A", format="INV-{number}")

    assert await opened(api, "B", "Inv-{number}") == (201, "")
    assert await opened(api, "A", "INV-{number}", "proforma") == (201, "")
    for credential in (api.firm.test_key, api.other_firm.live_key):
        body = {"name": "A", "document_type": "fiscal", "format": "INV-{number}"}
        assert (await api.post("/invoice-series", body, credential)).status == 201


async def test_a_date_is_one_that_can_be_meant(api: Api) -> None:
    """CONTRACT.md D88."""
    series_id = await api.a_locked_series()
    latest = api.dependencies.today() + timedelta(days=366)
    (token,) = await api.tokens(series_id)
    draft = (await api.issue(is_draft=1)).data["id"]
    wrong = ("0001-01-01", "1999-12-31", (latest + timedelta(days=1)).isoformat(), "2062-11-25", "9999-12-31")

    for date in wrong:
        refused = [
            await api.issue(api.firm.device_a, date=date),
            await api.issue(api.firm.device_a, date=date, force_chronology=False, reservation_token=token),
            await api.issue(date=date, is_draft=1),
            await api.ask("PATCH", f"/invoices/{draft}", json={"date": date}),
            await api.ask("PATCH", ABSENT, json={"date": date}),
        ]
        for answer in refused:
            assert (*answer.refusal, answer.error["param"]) == (400, "invalid_field_value", "date")
        by_its_other_name = await api.ask("PUT", f"/invoices/{draft}", json={"date_at": date})
        assert (*by_its_other_name.refusal, by_its_other_name.error["param"]) == (400, "invalid_field_value", "date_at")
    assert await api.next_number(series_id) == 2
    for date in ("2000-01-01", latest.isoformat()):
        assert (await api.issue(api.firm.device_a, date=date)).data["date"] == date
        assert (await api.ask("PATCH", f"/invoices/{draft}", json={"date": date})).data["date"] == date


async def test_a_wrong_date_is_named_beside_other_wrong_fields(api: Api) -> None:
    """CONTRACT.md D73 and D88."""
    answer = await api.post("/invoices", {**AN_INVOICE, "date": "1999-01-01", "currency": "lei"})

    assert answer.refusal == (400, "invalid_request")
    assert set(answer.error["errors"]) == {"date", "currency"}


async def test_how_far_ahead_a_date_may_lie_is_a_setting_and_a_date_that_is_there_may_stay(
    database_url: str, tmp_path: Path
) -> None:
    """CONTRACT.md D88."""
    async with (
        an_api(database_url, tmp_path, Options(settings={"date_ahead_days_max": 10})) as api,
        an_api(database_url, tmp_path, Options(settings={"date_ahead_days_max": 0}), api.clock) as strict,
    ):
        key = api.firm.live_key
        await api.a_series()
        ahead, further = ((api.dependencies.today() + timedelta(days=days)).isoformat() for days in (10, 11))
        assert (await api.issue(date=further)).refusal == (400, "invalid_field_value")
        issued = [(await api.issue(date=ahead)).data["id"], (await api.issue(date=ahead, is_draft=1)).data["id"]]
        for invoice in issued:
            path = f"/invoices/{invoice}"
            kept = await strict.ask("PATCH", path, key, json={"date": ahead, "notes": "n"})
            assert (kept.status, kept.data["date"], kept.data["notes"]) == (200, ahead, "n")
            moved = await strict.ask("PATCH", path, key, json={"date": further})
            assert moved.refusal == (400, "invalid_field_value")


async def test_the_date_that_the_service_puts_in_is_never_refused(api: Api) -> None:
    """CONTRACT.md D59: a till whose clock is a day ahead stops nobody."""
    series_id = await api.a_locked_series()
    today = api.dependencies.today()
    tomorrow = (today + timedelta(days=1)).isoformat()
    (token,) = await api.tokens(series_id)
    device = api.firm.device_a
    assert (await api.issue(device, date=tomorrow)).status == 201

    assert (await api.issue(device, date=today.isoformat())).refusal == (409, "chronology_violation")
    assert (await api.issue(device)).data["date"] == today.isoformat()
    assert (await api.issue(device, reservation_token=token)).data["date"] == today.isoformat()


async def test_one_wrong_date_does_not_block_a_series(api: Api) -> None:
    """CONTRACT.md D88: the document with the wrong date is voided, and then bounds no other."""
    series_id = await api.a_series()
    today = api.dependencies.today().isoformat()
    ahead = (api.dependencies.today() + timedelta(days=365)).isoformat()
    wrong = (await api.issue(series_id=series_id, date=ahead)).data["id"]
    assert (await api.issue(series_id=series_id, date=today)).refusal == (409, "chronology_violation")

    await api.post(f"/invoices/{wrong}/void")

    assert (await api.issue(series_id=series_id, date=today)).status == 201


async def test_a_sale_made_offline_may_be_due_before_it_was_sent(api: Api) -> None:
    """CONTRACT.md D88."""
    await api.a_series()

    invoice = (await api.issue(date="2026-11-25", due_date="2025-01-01")).data

    assert (invoice["date"], invoice["due_date"]) == ("2026-11-25", "2025-01-01")
