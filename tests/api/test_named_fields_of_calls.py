"""CONTRACT.md D94: calls that set no field of a resource refuse each of its fields with another value."""

from typing import Final

import pytest

from schemas.api.invoice import Invoice
from schemas.api.objects import InvoiceSeries, NumberReservation
from service.api.reading.known_names import names_of
from tests.support.service.all_fields import TOTALS, everything, other_than, refused_for
from tests.support.service.client import Api

CALLS: Final = ["void", "unvoid", "storno"]


@pytest.mark.parametrize("call", CALLS)
async def test_a_call_that_sets_no_field_refuses_every_field_with_another_value(api: Api, call: str) -> None:
    await api.a_series()
    invoice = await everything(api)
    outcome = {"void": {"is_void", "is_voided", "status", "void_reason"}, "unvoid": {"is_void", "is_voided"}}
    if call == "unvoid":
        await api.post(f"/invoices/{invoice['id']}/void")
        invoice = (await api.get(f"/invoices/{invoice['id']}")).data
    path = f"/invoices/{invoice['id']}/{call}"

    for name in names_of(Invoice) - TOTALS - outcome.get(call, set()):
        refused_for(await api.post(path, {name: other_than(invoice[name])}), name)
    for name in ("reservation_token", "client_local_uuid", "client_data", *(() if call == "void" else ("reason",))):
        refused_for(await api.post(path, {name: "x"}), name)
    assert (await api.get(f"/invoices/{invoice['id']}")).data == invoice
    named = {**invoice, "unknown": 1, "items": None, "date": None} if call == "storno" else {**invoice, "unknown": 1}
    named = {name: value for name, value in named.items() if name not in {"items", "date"}}
    assert (await api.post(path, named)).status == 200


@pytest.mark.parametrize("items", [[{"id": 1, "quantity": 1}], [], [{"id": 1}, {"id": 2}], "all", {}])
async def test_a_reversal_of_some_lines_is_refused_by_name(api: Api, items: object) -> None:
    series_id = await api.a_series()
    invoice = await everything(api)

    refused_for(await api.post(f"/invoices/{invoice['id']}/storno", {"items": items}), "items")
    assert await api.next_number(series_id) == 2


async def test_a_reversal_is_dated_today_or_refused_by_name(api: Api) -> None:
    await api.a_series()
    invoice = await everything(api)
    today = api.dependencies.today().isoformat()

    for name in ("date", "date_at"):
        refused_for(await api.post(f"/invoices/{invoice['id']}/storno", {name: "2026-03-04"}), name)
    reversal = await api.post(f"/invoices/{invoice['id']}/storno", {"date": today, "force_chronology": False})
    assert reversal.data["date"] == today


@pytest.mark.parametrize("name", ["reason", "void_reason"])
async def test_the_reason_of_a_void_has_two_names(api: Api, name: str) -> None:
    await api.a_series()
    path = f"/invoices/{(await everything(api))['id']}/void"

    refused_for(await api.post(path, {"reason": "a", "void_reason": "b"}), "void_reason")
    assert (await api.post(path, {name: "why"})).data["void_reason"] == "why"


async def test_a_series_that_is_read_and_sent_back_is_served(api: Api) -> None:
    series_id = await api.a_locked_series()
    await api.issue(api.firm.device_a, series_id=series_id)
    read = (await api.get(f"/invoice-series/{series_id}")).data
    device = api.firm.device_a

    for method in ("PUT", "PATCH"):
        assert (await api.ask(method, f"/invoice-series/{series_id}", None, read)).data == read
    for call in ("lock", "set-primary"):
        assert (await api.post(f"/invoice-series/{series_id}/{call}", read, device)).data == read
    freed = (await api.post(f"/invoice-series/{series_id}/unlock", read, device)).data
    assert freed == read | {"is_locked": False, "lock": None}


@pytest.mark.parametrize("call", ["", "/lock", "/unlock", "/set-primary"])
async def test_every_other_field_of_a_series_is_refused_with_another_value(api: Api, call: str) -> None:
    series_id = await api.a_series()
    read = (await api.get(f"/invoice-series/{series_id}")).data
    method, path = "POST" if call else "PUT", f"/invoice-series/{series_id}{call}"
    set_by = {"": {"description"}, "/lock": {"is_locked"}, "/unlock": set[str](), "/set-primary": set[str]()}

    for name in names_of(InvoiceSeries) - set_by[call]:
        answer = await api.ask(method, path, api.firm.device_a, {name: other_than(read[name])})
        refused_for(answer, name)
    for name in ("device_id", "session_id", "device_name", "count", *(() if call == "/unlock" else ("force",))):
        refused_for(await api.ask(method, path, api.firm.device_a, {name: "other"}), name)
    assert (await api.get(f"/invoice-series/{series_id}")).data == read


async def test_nobody_says_what_a_new_series_is_by_itself(api: Api) -> None:
    new = {"name": "A", "document_type": "fiscal", "start_number": 7}
    year = api.dependencies.today().year

    for name in names_of(InvoiceSeries) - {
        "name",
        "document_type",
        "description",
        "start_number",
        "format",
        "is_primary",
    }:
        refused_for(await api.post("/invoice-series", {**new, name: True if name.startswith("is_") else "x"}), name)
    refused_for(await api.post("/invoice-series", {**new, "next_number": 8}), "next_number")
    named = {"object": "invoice_series", "next_number": 7, "year": year, "is_used": False, "lock": None, "id": None}
    assert (await api.post("/invoice-series", {**new, **named})).data["next_number"] == 7


async def test_a_reserve_says_how_many_and_nothing_else(api: Api) -> None:
    series_id = await api.a_locked_series()
    path, device = f"/invoice-series/{series_id}/reserve-numbers", api.firm.device_a
    mine = (await api.get(f"/invoice-series/{series_id}")).data["lock"]["device_id"]

    for name in names_of(NumberReservation) | {"reason", "next_number", "force", "description", "lock"}:
        refused_for(await api.post(path, {"count": 1, name: 77}, device), name)
    named = {"series_id": series_id, "device_id": mine, "status": "pending", "next_number": 1, "token": None}
    assert len((await api.post(path, {"count": 2, **named}, device)).data["data"]) == 2


async def test_a_release_refuses_a_reason_that_nothing_keeps(api: Api) -> None:
    (token,) = await api.tokens(await api.a_locked_series())
    path, device = f"/invoice-series/reservations/{token}", api.firm.device_a
    read = (await api.get(path, device)).data

    for name in names_of(NumberReservation) | {"reason", "reason_code"}:
        refused_for(await api.post(f"{path}/release", {name: other_than(read.get(name))}, device), name)
    assert (await api.post(f"{path}/release", {**read, "reason": None}, device)).data["status"] == "released"
