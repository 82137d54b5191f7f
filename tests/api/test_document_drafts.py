"""CONTRACT.md D24, D57, D58, D61, D85: drafts have no number, take none, and are never given one."""

from typing import Any

import pytest

from tests.support.service.client import AN_INVOICE, Api


async def a_draft(api: Api, **more: Any) -> str:
    answer = await api.issue(is_draft=1, **more)
    assert answer.status == 201
    found: str = answer.data["id"]
    return found


async def test_a_draft_has_no_number_and_needs_no_series(api: Api) -> None:
    answer = await api.issue(is_draft=1, date="2026-03-04", due_date="2020-01-01")

    draft = answer.data
    assert answer.status == 201
    assert (draft["number"], draft["full_number"], draft["number_idx"]) == (None, None, None)
    assert (draft["series"], draft["series_id"]) == (None, None)
    assert (draft["is_draft"], draft["status"], draft["date"], draft["total"]) == (True, "draft", "2026-03-04", 24.99)
    assert (await api.get(f"/invoices/{draft['id']}")).data == draft


async def test_a_draft_of_a_series_takes_no_number_of_it(api: Api) -> None:
    """CONTRACT.md D57 and D86."""
    series_id = await api.a_series("FACT")

    draft = (await api.issue(is_draft=True, series_id=series_id)).data

    assert (draft["series"], draft["series_id"], draft["number"]) == ("FACT", series_id, None)
    series = (await api.get(f"/invoice-series/{series_id}")).data
    assert (series["next_number"], series["is_used"]) == (1, False)


async def test_a_draft_is_not_gated_by_the_lock_nor_by_chronology(api: Api) -> None:
    series_id = await api.a_locked_series()
    await api.issue(api.firm.device_a, series_id=series_id, date="2026-12-01")

    for credential in (api.firm.live_key, api.firm.device_b, api.firm.device_a):
        assert (await api.issue(credential, is_draft=1, series_id=series_id)).status == 201


async def test_a_draft_may_be_a_receipt_which_a_series_cannot_number(api: Api) -> None:
    series_id = await api.a_series()

    assert (await api.issue(is_draft=1, document_type="receipt")).data["document_type"] == "receipt"
    for body in ({"document_type": "receipt"}, {"document_type": "receipt", "is_draft": 1, "series_id": series_id}):
        answer = await api.post("/invoices", {**AN_INVOICE, **body})
        assert answer.refusal == (400, "invalid_field_value")
        assert answer.error["param"] == "document_type"


async def test_a_draft_names_a_series_of_the_firm_and_of_its_type(api: Api) -> None:
    series_id, proforma = await api.a_series(), await api.a_series("P", "proforma")

    for named, credential in (("nope", api.firm.live_key), (series_id, api.other_firm.live_key)):
        answer = await api.issue(credential, is_draft=1, series_id=named)
        assert answer.refusal == (404, "resource_missing")
        assert answer.error["param"] == "series_id"
    answer = await api.issue(is_draft=1, series_id=proforma)
    assert answer.refusal == (400, "invalid_field_value")
    assert answer.error["param"] == "document_type"
    assert (await api.issue(is_draft=1, series_id=proforma, document_type="proforma")).status == 201


async def test_a_draft_with_a_token_is_refused_and_spends_nothing(api: Api) -> None:
    series_id = await api.a_locked_series()
    (token,) = await api.tokens(series_id)

    answer = await api.issue(api.firm.device_a, is_draft=1, reservation_token=token)

    assert answer.refusal == (400, "invalid_field_value")
    assert answer.error["param"] == "is_draft"
    assert (await api.issue(api.firm.device_a, reservation_token=token)).status == 201


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_draft_is_updated_its_series_too(api: Api, method: str) -> None:
    series_id, proforma = await api.a_series("FACT"), await api.a_series("P", "proforma")
    path = f"/invoices/{await a_draft(api)}"

    changed = (await api.ask(method, path, json={"series_id": series_id, "date_at": "2026-05-06", "notes": "n"})).data
    assert (changed["series"], changed["date"], changed["notes"], changed["number"]) == (
        "FACT",
        "2026-05-06",
        "n",
        None,
    )
    assert (await api.get(path)).data == changed
    kept = (await api.ask(method, path, json={"currency": "EUR", "exchange_rate": 5})).data
    assert (kept["series_id"], kept["total_ron"]) == (series_id, 124.95)
    assert (await api.ask(method, path, json={"series_id": None})).data["series_id"] is None
    assert (await api.ask(method, path, json={"series_id": "nope"})).refusal == (404, "resource_missing")
    assert (await api.ask(method, path, json={"series_id": proforma})).refusal == (400, "invalid_field_value")
    assert await api.next_number(series_id) == 1


async def test_a_voided_draft_stays_voided_and_may_be_deleted(api: Api) -> None:
    path = f"/invoices/{await a_draft(api)}"

    assert (await api.post(f"{path}/unvoid")).refusal == (400, "cannot_unvoid_draft")
    voided = (await api.post(f"{path}/void", {"reason": "not needed"})).data
    assert (voided["status"], voided["is_draft"], voided["is_void"], voided["is_voided"]) == (
        "voided",
        True,
        True,
        True,
    )
    assert voided["void_reason"] == "not needed"
    assert (await api.get(path)).data == voided
    assert (await api.post(f"{path}/void")).refusal == (400, "invoice_already_voided")
    assert (await api.post(f"{path}/unvoid")).refusal == (400, "cannot_unvoid_draft")
    assert (await api.ask("PUT", path, json={"notes": "n"})).refusal == (400, "invoice_already_voided")
    assert (await api.ask("DELETE", path)).data["deleted"] is True


async def test_a_draft_is_deleted_once(api: Api) -> None:
    draft = await a_draft(api)

    deleted = (await api.ask("DELETE", f"/invoices/{draft}")).data

    assert (deleted["object"], deleted["id"], deleted["deleted"]) == ("invoice", draft, True)
    assert (await api.ask("DELETE", f"/invoices/{draft}")).refusal == (404, "resource_missing")
    for method, path in (
        ("GET", ""),
        ("PUT", ""),
        ("POST", "/void"),
        ("POST", "/unvoid"),
        ("POST", "/storno"),
        ("GET", "/history"),
    ):
        assert (await api.ask(method, f"/invoices/{draft}{path}")).refusal == (404, "resource_missing")


async def test_a_draft_is_not_reversed(api: Api) -> None:
    assert (await api.post(f"/invoices/{await a_draft(api)}/storno")).refusal == (400, "invoice_cannot_be_storned")


async def test_a_draft_of_another_firm_or_mode_does_not_exist(api: Api) -> None:
    path = f"/invoices/{await a_draft(api)}"

    for credential in (api.other_firm.live_key, api.firm.test_key):
        for method in ("GET", "PUT", "DELETE"):
            assert (await api.ask(method, path, credential)).refusal == (404, "resource_missing")


async def test_a_draft_repeated_under_its_key_is_one_draft(api: Api) -> None:
    first = await api.issue(key="k", is_draft=1)
    await api.ask("PUT", f"/invoices/{first.data['id']}", json={"notes": "later"})

    again = await api.issue(key="k", is_draft=1)

    assert (again.status, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.data == first.data
