"""CONTRACT.md section 6.2, D38 and D76: PUT and PATCH change what an invoice says, never its number."""

import asyncio
from typing import Any, Final

import pytest

from schemas.events import DocumentChanged
from schemas.values import DocumentId
from tests.support.service.client import Answer, Api

METHODS: Final = ["PUT", "PATCH"]
DATED: Final = "2026-03-04"


async def an_invoice(api: Api, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await api.issue(**{"date": DATED, **more})).data
    return found


async def update(api: Api, invoice: dict[str, Any], **fields: object) -> Answer:
    return await api.ask("PUT", f"/invoices/{invoice['id']}", json=fields)


@pytest.mark.parametrize("method", METHODS)
async def test_header_fields_change_and_everything_else_stays(api: Api, method: str) -> None:
    await api.a_series()
    before = await an_invoice(api, notes="n", payment_method="cash")

    answer = await api.ask(
        method,
        f"/invoices/{before['id']}",
        json={"due_at": "2099-12-31", "info": "i", "client_id": "cli_9", "date_at": "2026-03-05"},
    )

    assert answer.status == 200
    client = before["client"] | {"id": "cli_9"}
    expected = {"due_date": "2099-12-31", "info": "i", "client_id": "cli_9", "client": client, "date": "2026-03-05"}
    assert answer.data | {"modified_at": None} == before | expected | {"modified_at": None}
    assert (await api.get(f"/invoices/{before['id']}")).data == answer.data


@pytest.mark.parametrize(
    ("field", "shown_as", "value"),
    [
        ("date_at", "date", "2026-04-01"),
        ("date", "date", "2026-04-01"),
        ("due_at", "due_date", "2026-04-01"),
        ("due_date", "due_date", "2026-04-01"),
        ("info", "info", "words"),
        ("observation", "info", "words"),
        ("observation", "observations", "words"),
        ("notes", "info", "words"),
        ("notes", "notes", "words"),
    ],
)
async def test_a_field_is_read_under_each_of_its_names(api: Api, field: str, shown_as: str, value: str) -> None:
    await api.a_series()
    assert (await update(api, await an_invoice(api), **{field: value})).data[shown_as] == value


async def test_null_empties_what_may_be_empty_and_is_refused_elsewhere(api: Api) -> None:
    """CONTRACT.md D94."""
    await api.a_series()
    more = {"due_date": "2026-05-05", "info": "i", "client_id": "c", "payment_method": "cash", "delegate": {"a": 1}}
    invoice = await an_invoice(api, **more)

    emptied = (await update(api, invoice, **dict.fromkeys(more))).data
    assert [emptied[name] for name in more] == [None] * len(more)
    assert emptied["client"]["name"] == invoice["client"]["name"]
    for name in ("date", "currency", "exchange_rate", "items", "series_id", "client_data", "efactura_enabled"):
        refused = await update(api, invoice, **{name: None})
        assert refused.refusal == (400, "invalid_field_value"), name
        assert refused.error["param"] == name


async def test_items_are_replaced_as_a_whole_and_totals_are_computed_again(api: Api) -> None:
    await api.a_series()
    invoice = await an_invoice(api, items=[{"description": x, "quantity": 1, "price": 1} for x in "abc"])
    items = [{"description": "d", "quantity": 3, "price": 0.335, "vat_rate": 19, "total": 999}]

    changed = (await update(api, invoice, items=items, total=999, subtotal=999)).data

    assert [(item["id"], item["description"]) for item in changed["items"]] == [(1, "d")]
    assert (changed["subtotal"], changed["vat_amount"], changed["total"], changed["total_ron"]) == (
        1.01,
        0.19,
        1.2,
        1.2,
    )
    assert changed["full_number"] == invoice["full_number"]


async def test_another_currency_needs_its_rate(api: Api) -> None:
    await api.a_series()
    invoice = await an_invoice(api)

    without = await update(api, invoice, currency="EUR")
    assert without.refusal == (400, "missing_required_field")
    assert without.error["param"] == "exchange_rate"
    euro = (await update(api, invoice, currency="EUR", exchange_rate=5)).data
    assert (euro["currency"], euro["exchange_rate"], euro["total"], euro["total_ron"]) == ("EUR", 5, 24.99, 124.95)
    assert (await update(api, invoice, exchange_rate=4)).data["total_ron"] == 99.96
    assert (await update(api, invoice, info="i")).data["total_ron"] == 99.96
    assert (await update(api, invoice, currency="USD")).refusal == (400, "missing_required_field")
    no_rate = await update(api, invoice, currency="RON", exchange_rate=4)
    assert no_rate.refusal == (400, "invalid_field_value")
    assert no_rate.error["param"] == "exchange_rate"
    home = (await update(api, invoice, currency="RON", exchange_rate=1)).data
    assert (home["exchange_rate"], home["total_ron"]) == (1, 24.99)


async def test_the_series_of_a_numbered_invoice_stays(api: Api) -> None:
    first, second = await api.a_series("A"), await api.a_series("B")
    invoice = await an_invoice(api, series_id=first)

    for series_id in (second, None, "nope"):
        answer = await update(api, invoice, series_id=series_id, info="i")
        assert answer.refusal == (400, "invalid_field_value")
        assert answer.error["param"] == "series_id"
    assert (await api.get(f"/invoices/{invoice['id']}")).data == invoice
    assert (await update(api, invoice, series_id=first)).data == invoice


async def test_a_date_moves_between_those_of_the_standing_neighbours(api: Api) -> None:
    """CONTRACT.md D89."""
    await api.a_series()
    days = ("2026-01-01", "2026-01-05", "2026-01-10", "2026-01-15", "2026-01-20")
    first, second, third, *_ = [await an_invoice(api, date=day) for day in days]

    assert (await update(api, third, date="2026-01-09")).data["date"] == "2026-01-09"
    late = await update(api, first, date="2026-01-25")
    assert (*late.refusal, late.error["param"]) == (409, "chronology_violation", "date")
    assert "2026-01-05, the date of number 2" in late.error["message"]
    assert (await update(api, second, date="2025-12-31")).refusal == (400, "invalid_field_value")
    assert (await update(api, third, date="2026-01-16")).refusal == (409, "chronology_violation")
    assert (await update(api, third, date="2026-01-16", force_chronology=False)).status == 200
    assert (await update(api, third, info="a change that leaves the date")).status == 200
    assert (await an_invoice(api, date="2026-01-20"))["number_idx"] == 6


async def test_the_year_stays_where_the_number_shows_it(api: Api) -> None:
    with_year, without = await api.a_series("A"), await api.a_series("B", format="B-{number}")
    shown = await an_invoice(api, series_id=with_year)

    answer = await update(api, shown, date="2027-01-01")
    assert answer.refusal == (400, "invalid_field_value")
    assert answer.error["param"] == "date"
    plain = await an_invoice(api, series_id=without)
    moved = (await update(api, plain, date="2027-01-01")).data
    assert (moved["date"], moved["full_number"]) == ("2027-01-01", "B-00001")


async def test_a_voided_invoice_is_not_updated(api: Api) -> None:
    await api.a_series()
    invoice = await an_invoice(api)
    await api.post(f"/invoices/{invoice['id']}/void")

    assert (await update(api, invoice, info="i")).refusal == (400, "invoice_already_voided")
    await api.post(f"/invoices/{invoice['id']}/unvoid")
    assert (await update(api, invoice, info="i")).status == 200


async def test_neither_a_reversed_invoice_nor_its_reversal_is_updated(api: Api) -> None:
    await api.a_series()
    invoice = await an_invoice(api)
    reversal = (await api.post(f"/invoices/{invoice['id']}/storno")).data

    assert (await update(api, invoice, info="i")).refusal == (400, "invoice_already_storned")
    assert (await update(api, reversal, info="i")).refusal == (400, "invoice_is_storno")
    await api.post(f"/invoices/{reversal['id']}/void")
    assert (await update(api, invoice, info="i")).status == 200


@pytest.mark.parametrize("body", [None, [], {}, {"unknown": 1}, {"info": None}, {"exchange_rate": 1}])
async def test_an_update_that_changes_nothing_is_no_event(api: Api, body: object) -> None:
    await api.a_series()
    invoice = await an_invoice(api)

    answer = await api.ask("PATCH", f"/invoices/{invoice['id']}", json=body)

    assert (answer.status, answer.data) == (200, invoice)
    assert len(await api.dependencies.log.document(DocumentId(invoice["id"]))) == 1


async def test_an_update_is_an_event_with_the_new_digest(api: Api) -> None:
    await api.a_series()
    invoice = await an_invoice(api)
    await update(api, invoice, info="i")

    issued, changed = [each.record.event for each in await api.dependencies.log.document(DocumentId(invoice["id"]))]
    assert isinstance(changed, DocumentChanged)
    assert changed.content != getattr(issued, "content", None)
    assert (changed.number, changed.full_number) == (invoice["number_idx"], invoice["full_number"])


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"date": "x"}, "invalid_format", "date"),
        ({"items": []}, "invalid_field_value", "items"),
        ({"items": [{"quantity": 1, "price": 1}]}, "missing_required_field", "items.0.description"),
        ({"items": [{"description": "x", "quantity": 1}]}, "missing_required_field", "items.0.price"),
        ({"items": [{"description": "x", "quantity": 1e12, "price": 1e12}]}, "invalid_field_value", "items"),
        ({"currency": "euro"}, "invalid_field_value", "currency"),
        ({"exchange_rate": 0}, "invalid_field_value", "exchange_rate"),
        ({"client_id": ""}, "invalid_field_value", "client_id"),
        ({"info": 7}, "invalid_field_value", "info"),
    ],
)
async def test_a_bad_field_has_its_code(api: Api, fields: dict[str, object], code: str, param: str) -> None:
    await api.a_series()
    invoice = await an_invoice(api)

    answer = await update(api, invoice, **fields)

    assert answer.refusal == (400, code)
    assert answer.error["param"] == param
    assert (await api.get(f"/invoices/{invoice['id']}")).data == invoice


async def test_the_body_is_checked_before_the_invoice_and_a_stranger_finds_none(api: Api) -> None:
    await api.a_series()
    path = f"/invoices/{(await an_invoice(api))['id']}"

    assert (await api.ask("PUT", "/invoices/nope", json={"date": "x"})).refusal == (400, "invalid_format")
    assert (await api.ask("PUT", "/invoices/nope", json={})).refusal == (404, "resource_missing")
    for credential in (api.other_firm.live_key, api.firm.test_key):
        assert (await api.ask("PUT", path, credential, {"info": "i"})).refusal == (404, "resource_missing")


async def test_updates_of_different_fields_at_once_are_all_kept(api: Api) -> None:
    await api.a_series()
    invoice = await an_invoice(api)

    answers = await asyncio.gather(
        update(api, invoice, due_at="2099-01-01"), update(api, invoice, client_id="c"), update(api, invoice, notes="n")
    )

    assert [answer.status for answer in answers] == [200, 200, 200]
    now = (await api.get(f"/invoices/{invoice['id']}")).data
    assert (now["due_date"], now["client_id"], now["notes"]) == ("2099-01-01", "c", "n")


async def test_changing_is_not_gated_by_the_lock(api: Api) -> None:
    series_id = await api.a_locked_series()
    invoice = (await api.issue(api.firm.device_a, series_id=series_id)).data

    assert (await update(api, invoice, info="i")).status == 200
