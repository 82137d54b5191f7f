"""CONTRACT.md section 9: POST /v1/invoices, the order of its checks and the content that it keeps."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from service.api.invoices.create_body import DIGITS_KEPT_MAX
from service.configuration.settings import Settings
from tests.support.service.client import AN_INVOICE, Answer, Api, Options, an_api

KEYS: Final = {
    "id", "object", "number", "series", "full_number", "date", "due_date", "client_id", "client", "currency",
    "exchange_rate", "subtotal", "vat_amount", "total", "subtotal_ron", "vat_amount_ron", "total_ron", "items",
    "payments", "is_paid", "paid_at", "is_void", "voided_at", "void_reason", "is_draft", "is_storno", "storno_for",
    "document_type", "payment_method", "notes", "observations", "efactura_enabled", "efactura_status",
    "efactura_submission_id", "created_at", "modified_at",
}  # fmt: skip
"""The keys of an invoice as the public reference lists them (CONTRACT.md section 5.3)."""


async def test_an_invoice_is_shown_in_full(api: Api) -> None:
    """CONTRACT.md D4, D5, D18, D23, D25, D26, D27 and D78."""
    await api.a_series("FACT")

    answer = await api.issue(
        due_date="2099-01-02", notes="n", observations="o", payment_method="cash", date="2026-03-04"
    )

    invoice = answer.data
    assert answer.status == 201
    assert set(invoice) >= KEYS | {"status", "is_voided", "number_idx", "series_id", "storno_bill_id"}
    assert re.fullmatch(r"inv_[0-9a-z]{10}", invoice["id"])
    assert (invoice["number"], invoice["number_idx"], invoice["series"]) == ("00001", 1, "FACT")
    assert (invoice["full_number"], invoice["date"]) == ("FACT-2026-00001", "2026-03-04")
    assert (invoice["status"], invoice["is_draft"], invoice["is_void"], invoice["is_voided"]) == (
        "issued",
        False,
        False,
        False,
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", invoice["created_at"])
    assert invoice["modified_at"] == invoice["created_at"]
    assert (invoice["subtotal"], invoice["vat_amount"], invoice["total"]) == (21, 3.99, 24.99)
    assert (invoice["exchange_rate"], invoice["total_ron"]) == (1, 24.99)
    item = invoice["items"][0]
    assert (item["id"], item["unit"], item["ubl_um"], item["vat_rate"], item["total"]) == (1, "buc", "H87", 19, 24.99)
    assert (invoice["client"]["name"], invoice["client"]["object"]) == ("Acme SRL", "client")
    assert (invoice["notes"], invoice["observations"], invoice["payment_method"]) == ("n", "o", "cash")
    assert invoice["payments"] == []
    assert (await api.get(f"/invoices/{invoice['id']}")).data == invoice


async def test_the_default_series_is_the_primary_one_of_the_type(api: Api) -> None:
    """CONTRACT.md D55."""
    missing = await api.issue()
    assert missing.refusal == (400, "missing_required_field")
    assert missing.error["param"] == "series_id"

    fiscal, proforma = await api.a_series("F"), await api.a_series("P", "proforma")
    assert (await api.issue()).data["series_id"] == fiscal
    issued = (await api.issue(document_type="proforma")).data
    assert (issued["series_id"], issued["document_type"]) == (proforma, "proforma")


async def test_the_checks_come_in_the_order_of_the_contract(api: Api) -> None:
    """CONTRACT.md D55 and D85."""
    series_id, other = await api.a_locked_series("A"), await api.a_series("P", "proforma")
    (token,) = await api.tokens(series_id)

    async def refused(credential: str | None = None, **body: object) -> tuple[int, str, str | None]:
        answer = await api.post("/invoices", {**AN_INVOICE, **body}, credential or api.firm.device_b)
        return *answer.refusal, answer.error.get("param")

    wrong: dict[str, Any] = {"items": [], "series_id": "nope", "reservation_token": "nope"}
    assert await refused("sk_live_" + "x" * 24, **wrong) == (401, "invalid_api_key", None)
    assert await refused(**wrong) == (400, "invalid_field_value", "items")
    del wrong["items"]
    assert await refused(**wrong) == (404, "resource_missing", "series_id")
    assert await refused(series_id=other, reservation_token="nope") == (400, "invalid_field_value", "document_type")
    assert await refused(series_id=series_id, reservation_token="nope") == (
        404,
        "reservation_missing",
        "reservation_token",
    )
    mismatch = await refused(series_id=other, reservation_token=token, document_type="proforma")
    assert mismatch[:2] == (409, "reservation_series_mismatch")
    assert await refused(reservation_token=token, document_type="proforma") == (
        400,
        "invalid_field_value",
        "document_type",
    )
    assert (await refused(series_id=series_id, reservation_token=token))[:2] == (403, "reservation_device_mismatch")
    assert (await refused(api.firm.live_key, reservation_token=token))[:2] == (403, "reservation_device_mismatch")
    assert (await refused(series_id=series_id))[:2] == (403, "series_locked_other_device")
    assert await api.next_number(series_id) == 2
    assert (await api.issue(api.firm.device_a, series_id=series_id, reservation_token=token)).status == 201


async def test_status_and_expiry_of_a_token_come_before_its_device(api: Api) -> None:
    """CONTRACT.md D55."""
    series_id = await api.a_locked_series()
    released, pending = await api.tokens(series_id, 2)
    await api.post(f"/invoice-series/reservations/{released}/release", credential=api.firm.device_a)
    api.clock.ahead_seconds = 2_592_001

    assert (await api.issue(reservation_token=released)).refusal == (409, "reservation_not_pending")
    assert (await api.issue(reservation_token=pending)).refusal == (409, "reservation_expired")


async def test_the_number_is_never_the_clients_to_say(api: Api) -> None:
    """CONTRACT.md D56."""
    series_id = await api.a_series(start_number=5)

    assert (await api.issue(series_id=series_id, number=99, number_idx=99)).data["number_idx"] == 5


async def test_tokens_may_be_used_out_of_order_and_after_higher_numbers(api: Api) -> None:
    series_id = await api.a_locked_series()
    first, second = await api.tokens(series_id, 2)

    online = (await api.issue(api.firm.device_a, series_id=series_id)).data["number_idx"]
    late = [
        (await api.issue(api.firm.device_a, reservation_token=token)).data["number_idx"] for token in (second, first)
    ]

    assert (online, late) == (3, [2, 1])


async def test_chronology(api: Api) -> None:
    """CONTRACT.md D59 and D88."""
    series_id = await api.a_series()
    dated = (await api.issue(series_id=series_id, date="2026-05-05")).data["id"]

    early = await api.issue(series_id=series_id, date="2026-05-04")
    assert early.refusal == (409, "chronology_violation")
    assert (await api.issue(series_id=series_id, date="2026-05-05")).status == 201
    assert (await api.issue(series_id=series_id, date="2026-05-04", force_chronology=False)).status == 201
    last = await api.issue(series_id=series_id, date="2026-06-01")
    await api.post(f"/invoices/{last.data['id']}/void")
    assert (await api.issue(series_id=series_id, date="2026-05-05")).status == 201
    await api.post(f"/invoices/{last.data['id']}/unvoid")
    assert (await api.issue(series_id=series_id, date="2026-05-05")).refusal == (409, "chronology_violation")
    await api.post(f"/invoices/{dated}/void")
    assert (await api.issue(series_id=series_id, date="2026-06-01")).status == 201


@pytest.mark.parametrize(("zone", "hour"), [("Europe/Bucharest", 23), ("Pacific/Kiritimati", 12)])
async def test_today_is_the_day_of_the_services_time_zone(
    database_url: str, tmp_path: Path, zone: str, hour: int
) -> None:
    """CONTRACT.md D70: at this hour in UTC the next day has begun in the time zone of the service."""
    async with an_api(database_url, tmp_path, Options(settings={"time_zone": zone})) as api:
        now = datetime.fromtimestamp(api.clock(), UTC)
        api.clock.ahead_seconds = (hour * 3600 - now.hour * 3600) % 86_400
        await api.a_series()

        tomorrow = datetime.fromtimestamp(api.clock(), UTC).date() + timedelta(days=1)
        assert (await api.issue()).data["date"] == tomorrow.isoformat()
    assert Settings().time_zone == "Europe/Bucharest"


async def test_the_year_of_a_number_is_that_of_its_date(api: Api) -> None:
    """CONTRACT.md D19."""
    series_id = await api.a_series("F", format="{year}/{number}/{year}")

    assert (await api.issue(series_id=series_id, date="2025-01-01")).data["full_number"] == "2025/00001/2025"


async def test_a_client_by_id_is_shown_with_its_other_keys_null(api: Api) -> None:
    """CONTRACT.md D39 and D78."""
    await api.a_series()

    invoice = (await api.post("/invoices", {"client_id": "cli_1", "items": AN_INVOICE["items"]})).data

    assert invoice["client_id"] == invoice["client"]["id"] == "cli_1"
    assert {key for key, value in invoice["client"].items() if value is not None} == {"id", "object"}


async def test_foreign_currency_is_shown_in_ron_too(api: Api) -> None:
    """CONTRACT.md D79 and D91."""
    await api.a_series()
    items = [{"description": "x", "quantity": 3, "price": 0.335, "vat_rate": 19}]

    invoice = (await api.issue(currency="EUR", currency_rate=4.9763, items=items)).data

    assert (invoice["subtotal"], invoice["vat_amount"], invoice["total"]) == (1.01, 0.19, 1.2)
    assert (invoice["subtotal_ron"], invoice["vat_amount_ron"], invoice["total_ron"]) == (5.03, 0.95, 5.98)
    assert invoice["exchange_rate"] == 4.9763
    without = await api.issue(currency="EUR")
    assert without.refusal == (400, "missing_required_field")
    assert without.error["param"] == "currency_rate"


async def test_negative_prices_round_away_from_zero_and_client_totals_are_ignored(api: Api) -> None:
    """CONTRACT.md D29 and D79."""
    await api.a_series()
    items = [{"description": "discount", "quantity": 1, "price": -0.125, "vat_rate": 0, "total": 999}]

    invoice = (await api.issue(items=items, total=999)).data

    assert (invoice["total"], invoice["items"][0]["total"], invoice["items"][0]["price"]) == (-0.13, -0.13, -0.125)


async def test_an_overdue_invoice_says_so(api: Api) -> None:
    """CONTRACT.md D80."""
    await api.a_series()

    assert (await api.issue(due_date="2020-01-01")).data["status"] == "overdue"


def codes(answer: Answer) -> dict[str, Any]:
    assert answer.refusal == (400, "invalid_request")
    found: dict[str, Any] = answer.error["errors"]
    return found


async def test_several_bad_fields_are_all_named(api: Api) -> None:
    """CONTRACT.md D73."""
    await api.a_series()

    several = await api.post("/invoices", {"items": [{"quantity": 0, "price": "x"}], "date": "x"})
    assert set(codes(several)) == {
        "items.0.quantity",
        "items.0.price",
        "items.0.description",
        "date",
        "client_id",
    }


TOO_MUCH: Final = {"description": "x", "quantity": 1e12, "price": 1e12}
ONE_FIELD_AT_FAULT: Final[list[tuple[dict[str, Any], str, str]]] = [
    ({"client_id": None, "client_data": None}, "missing_required_field", "client_id"),
    ({"items": []}, "invalid_field_value", "items"),
    ({"items": None}, "invalid_field_value", "items"),
    ({"items": [{"product_czuid": "p", "quantity": 1}]}, "missing_required_field", "items.0.price"),
    ({"items": [{"quantity": 1, "price": 1}]}, "missing_required_field", "items.0.description"),
    ({"items": [TOO_MUCH]}, "invalid_field_value", "items"),
    ({"document_type": "receipt"}, "invalid_field_value", "document_type"),
    ({"reservation_token": ""}, "invalid_field_value", "reservation_token"),
    ({"is_draft": 1, "reservation_token": "x"}, "invalid_field_value", "is_draft"),
    ({"is_draft": []}, "invalid_field_value", "is_draft"),
    ({"email_address": "nobody"}, "invalid_format", "email_address"),
    ({"date": "2026-13-01"}, "invalid_format", "date"),
    ({"date": 5}, "invalid_field_value", "date"),
]


async def test_one_bad_field_has_its_own_code(api: Api) -> None:
    """CONTRACT.md D73, D79 and D85."""
    series_id = await api.a_series()

    for wrong, code, param in ONE_FIELD_AT_FAULT:
        answer = await api.post("/invoices", {**AN_INVOICE, **wrong})
        assert answer.refusal == (400, code), wrong
        assert answer.error["param"] == param
        assert "errors" not in answer.error
    assert await api.next_number(series_id) == 1


async def test_null_is_as_good_as_absent_where_a_field_may_be_absent(api: Api) -> None:
    await api.a_series()

    answer = await api.issue(series_id=None, reservation_token=None, due_date=None, notes=None, client_id=None)

    assert answer.status == 201


@pytest.mark.parametrize("path", ["", "/void", "/unvoid"])
async def test_an_unknown_or_foreign_invoice_is_404(api: Api, path: str) -> None:
    """CONTRACT.md D5 and D11."""
    await api.a_series()
    invoice = (await api.issue()).data["id"]
    method = "POST" if path else "GET"

    for found, credential in (
        ("inv_0000000000", api.firm.live_key),
        ("%00", api.firm.live_key),
        ("x" * 65, api.firm.live_key),
        (invoice, api.other_firm.live_key),
        (invoice, api.firm.test_key),
    ):
        answer = await api.ask(method, f"/invoices/{found}{path}", credential)
        assert answer.refusal == (404, "resource_missing")
        assert answer.error["param"] == "id"


async def test_what_is_echoed_is_what_was_sent_to_the_digit(api: Api) -> None:
    await api.a_series()
    odd = (
        b'{"a":12345678901234567890123,"b":-1.50,"c":1E+400,"d":[0.1,{"e":null}],"f":"\xd7\xa9\xcc\x81",'
        b'"g":1.0,"h":1E-9,"i":"1.5","j":' + b"9" * DIGITS_KEPT_MAX + b"}"
    )
    body = b'{"client_id":"c","items":[{"description":"\xf0\x9f\x98\x80","quantity":1,"price":1}],"delegate":' + odd

    answer = await api.ask("POST", "/invoices", data=body + b',"unknown":123456789012345678901234567890}')

    headers = {"Authorization": f"Bearer {api.firm.live_key}"}
    async with api.session.get(f"{api.base_url}/v1/invoices/{answer.data['id']}", headers=headers) as response:
        assert b'"delegate":' + odd in await response.read()


@pytest.mark.parametrize(
    "number", [b"1e4000", b"1e-4001", b"0e9999999", b"9" * 4001, b"1e999999999999999", b"[1e4000]"]
)
async def test_numbers_too_vast_to_be_kept_as_sent_are_refused(api: Api, number: bytes) -> None:
    await api.a_series()
    body = b'{"client_id":"c","items":[{"description":"x","quantity":1,"price":1}],"delegate":{"a":' + number + b"}}"

    answer = await api.ask("POST", "/invoices", data=body)

    assert (answer.refusal, answer.error["param"]) == ((400, "invalid_field_value"), "delegate")


@pytest.mark.parametrize("currency", ["eur", "", "EURO", "x" * 100_000])
async def test_text_that_is_no_currency_needs_no_rate(api: Api, currency: str) -> None:
    answer = await api.issue(currency=currency)

    assert (answer.refusal, answer.error["param"]) == ((400, "invalid_field_value"), "currency")
    assert (await api.issue(currency="EUR")).refusal == (400, "missing_required_field")
