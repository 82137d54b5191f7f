"""CONTRACT.md D94: 200 means done. Every field that a call names is honoured or refused by name."""

from collections.abc import Mapping
from typing import Any, Final, cast

import pytest

from schemas.api.bodies import CreateInvoiceBody, UpdateInvoiceBody
from schemas.api.invoice import Invoice
from schemas.values import DocumentId
from service.api.reading.known_names import names_of
from tests.support.service.all_fields import EVERYTHING, TOTALS, everything, other_than, refused_for
from tests.support.service.client import AN_INVOICE, Answer, Api

OTHERS: Final[dict[str, Any]] = {
    "client_id": "cli_2", "items": [{"description": "z", "quantity": 1, "price": 1, "vat_rate": 0}],
    "date": "2026-03-05", "due_date": "2099-06-06", "currency": "USD", "exchange_rate": 5,
    "efactura_enabled": True, "spv_environment": "live", "with_vat_inverted": False, "payment_method": "card",
    "payment_type": "u", "payment_installments": 4, "send_email": True, "email_address": "e@f.ro",
    "with_delegate": False, "delegate": {"c": 1}, "info": "j", "observations": "p", "notes": "m",
}  # fmt: skip
"""Another value for each field that an update honours, under the name that replies have."""


async def update(api: Api, invoice: Mapping[str, Any], fields: Mapping[str, Any]) -> Answer:
    return await api.ask("PATCH", f"/invoices/{invoice['id']}", json=dict(fields))


async def events_of(api: Api, invoice: Mapping[str, Any]) -> int:
    return len(await api.dependencies.log.document(DocumentId(invoice["id"])))


@pytest.mark.parametrize("more", [{}, {"is_draft": 1}, {"currency": "RON", "currency_rate": None}])
async def test_an_invoice_that_is_read_and_sent_back_is_served_and_unchanged(api: Api, more: dict[str, Any]) -> None:
    await api.a_series()
    invoice = await everything(api, **more)
    read = (await api.get(f"/invoices/{invoice['id']}")).data

    for method in ("PUT", "PATCH"):
        answer = await api.ask(method, f"/invoices/{invoice['id']}", json=read)
        assert (answer.status, answer.data) == (200, read)
    assert await events_of(api, invoice) == 1


async def test_one_field_changed_in_what_was_read_is_changed_and_nothing_else(api: Api) -> None:
    await api.a_series()
    follows = {name: {"client", "items", *TOTALS} for name in ("client_id", "items", "currency", "exchange_rate")}

    for name, value in OTHERS.items():
        before = await everything(api, force_chronology=False)
        after = (await update(api, before, {**before, name: value})).data
        changed = {each for each in before if before[each] != after[each]} - {"modified_at"} - follows.get(name, set())
        assert changed == {name} - follows.get(name, set()), name
        assert name == "items" or after[name] == value
        assert {**after["client"], "id": None} == {**before["client"], "id": None}


HONOURED: Final = names_of(UpdateInvoiceBody) | TOTALS


@pytest.mark.parametrize("is_draft", [0, 1])
async def test_what_cannot_be_changed_is_refused_by_name(api: Api, is_draft: int) -> None:
    await api.a_series()
    invoice = await everything(api, is_draft=is_draft)

    for name in names_of(Invoice) - HONOURED:
        refused_for(await update(api, invoice, {name: other_than(invoice[name])}), name)
    for name in names_of(CreateInvoiceBody) - names_of(Invoice) - HONOURED:
        refused_for(await update(api, invoice, {name: "x"}), name)
    assert (await api.get(f"/invoices/{invoice['id']}")).data == invoice


@pytest.mark.parametrize("name", ["series_id", "document_type"])
async def test_series_and_type_are_the_drafts_to_change(api: Api, name: str) -> None:
    """CONTRACT.md D38 and D94."""
    other = {"series_id": await api.a_series("P", "proforma"), "document_type": "proforma"}
    await api.a_series("F")
    invoice, draft = await everything(api), await everything(api, is_draft=1)

    refused_for(await update(api, invoice, {name: other[name]}), name)
    assert (await update(api, invoice, {name: invoice[name]})).data == invoice
    changed = (await update(api, draft, other)).data
    assert {each: changed[each] for each in other} == other
    refused_for(await update(api, changed, {"document_type": "fiscal"}), "document_type")


async def test_that_a_draft_is_a_draft_cannot_be_patched_away(api: Api) -> None:
    """CONTRACT.md D58 and D94."""
    await api.a_series()
    draft, invoice = await everything(api, is_draft=1), await everything(api)

    for document, flag in ((draft, 0), (draft, False), (invoice, 1), (invoice, True)):
        answer = await update(api, document, {"is_draft": flag})
        refused_for(answer, "is_draft")
        assert "no call turns a draft into a numbered invoice" in answer.error["message"]
    assert (await update(api, draft, {"is_draft": 1})).data == draft


async def test_the_body_that_created_an_invoice_may_be_sent_again_as_an_update(api: Api) -> None:
    series_id = await api.a_locked_series()
    token, other = await api.tokens(series_id, 2)
    body = {**EVERYTHING, "reservation_token": token, "series_id": series_id, "client_local_uuid": "u", "is_draft": 0}
    invoice = (await api.post("/invoices", body, api.firm.device_a)).data

    assert (await update(api, invoice, body)).data == invoice
    assert await events_of(api, invoice) == 1
    refused_for(await update(api, invoice, {**body, "reservation_token": other}), "reservation_token")
    refused_for(await update(api, invoice, {**body, "client_local_uuid": "v"}), "client_local_uuid")


async def test_an_update_that_is_repeated_with_all_that_was_read_is_served(api: Api) -> None:
    await api.a_series()
    read = await everything(api)
    api.clock.ahead_seconds = 60
    wanted = {**read, "payment_method": "card"}
    first = (await update(api, read, wanted)).data

    assert first["modified_at"] > read["modified_at"]
    assert (await update(api, read, wanted)).data == first
    for time in ("2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "x", 5):
        refused_for(await update(api, read, {"modified_at": time}), "modified_at")


@pytest.mark.parametrize(
    ("name", "other", "values"),
    [
        ("date", "date_at", ("2026-03-05", "2026-03-06")),
        ("due_date", "due_at", ("2099-03-05", None)),
        ("currency_rate", "exchange_rate", (5, 6)),
        ("observations", "observation", ("a", "b")),
        ("info", "notes", ("a", "b")),
        ("notes", "observation", ("a", "b")),
    ],
)
async def test_two_names_of_one_field_with_different_values_are_refused(
    api: Api, name: str, other: str, values: tuple[object, object]
) -> None:
    await api.a_series()
    invoice = await everything(api)

    for one, two in (values, values[::-1]):
        answer = await update(api, invoice, {name: one, other: two})
        assert answer.refusal == (400, "invalid_field_value")
        assert answer.error["param"] in {name, other}
    assert (await update(api, invoice, {name: values[0], other: values[0]})).status == 200


@pytest.mark.parametrize(
    ("name", "other", "values"),
    [
        ("date", "date_at", ("2026-03-05", "2026-03-06")),
        ("due_date", "due_at", ("2099-03-05", "2099-03-06")),
        ("currency_rate", "exchange_rate", (5, 6)),
        ("observations", "observation", ("a", "b")),
    ],
)
async def test_a_new_invoice_takes_the_names_of_updates_too(
    api: Api, name: str, other: str, values: tuple[object, object]
) -> None:
    await api.a_series()
    shown = "exchange_rate" if name == "currency_rate" else name
    without = {each: value for each, value in EVERYTHING.items() if each != name}

    refused_for(await api.post("/invoices", {**without, name: values[0], other: values[1]}), other)
    for spelled in ({other: values[0]}, {name: None, other: values[0]}, {name: values[0], other: values[0]}):
        assert (await api.post("/invoices", {**without, **spelled})).data[shown] == values[0]


async def test_the_texts_of_an_invoice_are_changed_one_by_one(api: Api) -> None:
    """`notes` and `observation` are other names of `info`, and fields of their own."""
    await api.a_series()
    read = await everything(api)

    changed = (await update(api, read, {**read, "notes": "m"})).data
    assert [changed[name] for name in ("info", "observations", "notes")] == ["i", "o", "m"]
    emptied = (await update(api, read, {"notes": None})).data
    assert [emptied[name] for name in ("info", "observations", "notes")] == ["i", "o", None]
    both = (await update(api, read, {"observation": "w"})).data
    assert [both[name] for name in ("info", "observations", "notes")] == ["w", "w", None]
    gone = (await update(api, read, {"observation": None})).data
    assert [gone[name] for name in ("info", "observations")] == [None, None]


@pytest.mark.parametrize("rate", [2, 0.99, 1.000001])
@pytest.mark.parametrize("name", ["currency_rate", "exchange_rate"])
async def test_a_leu_is_worth_a_leu(api: Api, name: str, rate: float) -> None:
    """CONTRACT.md D94: a rate other than 1 for RON is refused."""
    await api.a_series()
    invoice, sent = (await api.issue()).data, cast("dict[str, Any]", {name: rate})

    refused_for(await api.issue(**sent), name)
    refused_for(await api.issue(currency="RON", **sent), name)
    refused_for(await update(api, invoice, sent), name)
    assert (await api.issue(None, None, **{name: 1.0})).data["exchange_rate"] == 1
    assert (await update(api, invoice, {name: 1})).data == invoice


async def test_another_client_id_keeps_what_was_printed(api: Api) -> None:
    await api.a_series()
    before = await everything(api)

    after = (await update(api, before, {"client_id": "cli_9"})).data

    assert (after["client_id"], after["client"]) == ("cli_9", {**before["client"], "id": "cli_9"})
    without = (await update(api, before, {"client_id": None})).data
    assert (without["client_id"], without["client"]) == (None, {**before["client"], "id": None})


async def test_the_data_of_a_client_is_merged_member_by_member(api: Api) -> None:
    await api.a_series()
    before = await everything(api)

    changes = {"email": "new@b.ro", "city": None, "country": None, "cui": "456", "type": "b2c", "bank_name": "BRD"}
    after = (await update(api, before, {"client_data": changes})).data["client"]

    expected: dict[str, Any] = {"email": "new@b.ro", "city": None, "country": None, "cui": "456", "cui_prefix": None}
    expected |= {"type": "individual", "is_firm": False, "bank_name": "BRD"}
    assert after == before["client"] | expected
    assert (await update(api, before, {"client_data": {}})).data["client"] == after


REFUSED_CHANGES: Final[list[tuple[dict[str, Any], str]]] = [
    ({"name": None}, "name"),
    ({"name": " "}, "name"),
    ({"type": None}, "type"),
    ({"type": "company"}, "type"),
    ({"id": "other"}, "id"),
    ({"is_firm": False}, "is_firm"),
    ({"cui_prefix": "MD"}, "cui_prefix"),
    ({"created_at": 1}, "created_at"),
    ({"bank": "a", "bank_name": "b"}, "bank_name"),
]


async def test_what_a_client_cannot_become_is_refused(api: Api) -> None:
    await api.a_series()
    before = await everything(api)

    for changes, name in REFUSED_CHANGES:
        refused_for(await update(api, before, {"client_data": changes}), f"client_data.{name}")
        data = {**EVERYTHING["client_data"], **changes}
        refused_for(await api.issue(**{**EVERYTHING, "client_data": data}), f"client_data.{name}")
    refused_for(await update(api, before, {"client_data": None}), "client_data")


async def test_a_client_of_an_id_alone_needs_a_name_with_its_first_data(api: Api) -> None:
    await api.a_series()
    before = (await api.post("/invoices", {"client_id": "c", "items": AN_INVOICE["items"]})).data

    refused_for(await update(api, before, {"client_id": None}), "client_id")
    without = await update(api, before, {"client_data": {"email": "a@b.ro"}})
    assert (without.refusal, without.error["param"]) == ((400, "missing_required_field"), "client_data.name")
    named = (await update(api, before, {"client_data": {"name": "N"}})).data["client"]
    assert (named["id"], named["name"], named["country"], named["is_firm"]) == ("c", "N", "RO", True)


async def test_nobody_says_what_a_new_invoice_is_by_itself(api: Api) -> None:
    """CONTRACT.md D94; D29 and D56 say which names are ignored."""
    await api.a_series()
    flags = {"is_void": 1, "is_voided": 1, "is_paid": True, "is_storno": 1, "status": "paid"}
    like_new: dict[str, Any] = {
        "object": "invoice",
        "is_void": False,
        "is_paid": 0,
        "payments": [],
        "storno_for": None,
        "paid_at": None,
    }

    assert (await api.issue(**like_new, status="issued", total=1, number="00777")).data["number"] == "00001"
    for name in names_of(Invoice) - names_of(CreateInvoiceBody) - TOTALS - {"number", "number_idx"}:
        wrong: dict[str, Any] = {name: flags.get(name, "x")}
        refused_for(await api.issue(**wrong), name)
    refused_for(await api.issue(status="draft"), "status")
    assert (await api.issue(status="draft", is_draft=1)).data["status"] == "draft"
