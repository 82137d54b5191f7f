"""CONTRACT.md D54: only drafts and voided invoices with the last number taken are deleted; the counter stays."""

import re
from typing import Any

import pytest

from tests.support.service.client import Api


async def a_voided(api: Api, **more: Any) -> str:
    found: str = (await api.issue(**more)).data["id"]
    assert (await api.post(f"/invoices/{found}/void")).status == 200
    return found


async def test_the_last_voided_invoice_is_deleted_and_its_number_withdrawn(api: Api) -> None:
    """CONTRACT.md D54 and D86."""
    series_id = await api.a_series()
    invoice = await a_voided(api)

    answer = await api.ask("DELETE", f"/invoices/{invoice}")

    assert answer.status == 200
    assert set(answer.data) == {"object", "id", "deleted", "deleted_at"}
    assert (answer.data["object"], answer.data["id"], answer.data["deleted"]) == ("invoice", invoice, True)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer.data["deleted_at"])
    series = (await api.get(f"/invoice-series/{series_id}")).data
    assert (series["next_number"], series["is_used"]) == (2, True)
    assert (await api.issue()).data["number_idx"] == 2
    gaps = (await api.get(f"/invoice-series/{series_id}/gaps")).data["data"]
    assert [(gap["first"], gap["last"], gap["reason"]) for gap in gaps] == [(1, 1, "withdrawn")]
    equation = (await api.get(f"/invoice-series/{series_id}/numbers")).data["equation"]
    assert (equation["taken"], equation["standing"], equation["withdrawn"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", ""),
        ("GET", ""),
        ("PUT", ""),
        ("PATCH", ""),
        ("POST", "/void"),
        ("POST", "/unvoid"),
        ("POST", "/storno"),
        ("GET", "/history"),
    ],
)
async def test_a_deleted_invoice_is_404_everywhere(api: Api, method: str, path: str) -> None:
    await api.a_series()
    invoice = await a_voided(api)
    await api.ask("DELETE", f"/invoices/{invoice}")

    answer = await api.ask(method, f"/invoices/{invoice}{path}")

    assert answer.refusal == (404, "resource_missing")
    assert answer.error["param"] == "id"


async def test_an_invoice_that_counts_is_not_deleted(api: Api) -> None:
    await api.a_series()
    invoice = (await api.issue()).data["id"]

    assert (await api.ask("DELETE", f"/invoices/{invoice}")).refusal == (400, "invoice_cannot_be_deleted")
    await api.post(f"/invoices/{invoice}/void")
    await api.post(f"/invoices/{invoice}/unvoid")
    assert (await api.ask("DELETE", f"/invoices/{invoice}")).refusal == (400, "invoice_cannot_be_deleted")


async def test_a_voided_invoice_that_is_not_the_last_says_which_number_of_which_series(api: Api) -> None:
    await api.a_series("FACT")
    invoice = await a_voided(api, date="2026-01-02")
    later = await a_voided(api)

    answer = await api.ask("DELETE", f"/invoices/{invoice}")

    assert answer.refusal == (400, "invoice_not_last_in_series")
    assert (answer.error["invoice_number"], answer.error["series_name"]) == ("FACT-2026-00001", "FACT")
    assert isinstance(answer.error["details"], str)
    await api.ask("DELETE", f"/invoices/{later}")
    assert (await api.ask("DELETE", f"/invoices/{invoice}")).refusal == (400, "invoice_not_last_in_series")


@pytest.mark.parametrize("ending", ["pending", "released", "expired"])
async def test_a_higher_reserved_number_counts_whatever_became_of_it(api: Api, ending: str) -> None:
    series_id = await api.a_locked_series()
    invoice = (await api.issue(api.firm.device_a, series_id=series_id)).data["id"]
    await api.post(f"/invoices/{invoice}/void")
    (token,) = await api.tokens(series_id)
    if ending == "released":
        await api.post(f"/invoice-series/reservations/{token}/release", credential=api.firm.device_a)
    if ending == "expired":
        api.clock.ahead_seconds = 2_592_001

    assert (await api.ask("DELETE", f"/invoices/{invoice}")).refusal == (400, "invoice_not_last_in_series")


async def test_deleting_is_not_gated_by_the_lock(api: Api) -> None:
    series_id = await api.a_locked_series()
    invoice = (await api.issue(api.firm.device_a, series_id=series_id)).data["id"]
    await api.post(f"/invoices/{invoice}/void")

    assert (await api.ask("DELETE", f"/invoices/{invoice}", api.firm.device_b)).status == 200


async def test_an_invoice_of_another_firm_or_mode_is_not_deleted(api: Api) -> None:
    await api.a_series()
    invoice = await a_voided(api)

    for credential in (api.other_firm.live_key, api.firm.test_key):
        assert (await api.ask("DELETE", f"/invoices/{invoice}", credential)).refusal == (404, "resource_missing")


async def test_the_date_of_a_deleted_invoice_no_longer_bounds_the_next(api: Api) -> None:
    """CONTRACT.md D59."""
    await api.a_series()
    invoice = await a_voided(api, date="2026-06-01")
    await api.post(f"/invoices/{invoice}/unvoid")
    assert (await api.issue(date="2026-01-01")).refusal == (409, "chronology_violation")

    await api.post(f"/invoices/{invoice}/void")
    assert (await api.ask("DELETE", f"/invoices/{invoice}")).status == 200

    assert (await api.issue(date="2026-01-01")).status == 201


async def test_a_repeated_issue_still_answers_as_it_did_before_the_deletion(api: Api) -> None:
    await api.a_series()
    first = await api.issue(key="k")
    await api.post(f"/invoices/{first.data['id']}/void")
    await api.ask("DELETE", f"/invoices/{first.data['id']}")

    assert (await api.issue(key="k")).data == first.data
