"""CONTRACT.md D60, D72 and D90: a repeat under the same key gets the same answer."""

import asyncio

import pytest

from schemas.commands import Document, IssueOnline
from schemas.values import DocumentType, IsoDate
from service.access.callers import Principal
from service.api.calling.idempotency import idempotency_of
from service.api.reading.body import given_body
from service.documents.content import VoidContent
from service.documents.new import new_document_id, sealed
from service.writer.request import Idempotency, Submission
from tests.support.service.client import AN_INVOICE, Answer, Api


async def test_a_repeat_gets_the_answer_of_then(api: Api) -> None:
    series_id = await api.a_series()

    first = await api.issue(series_id=series_id, key="k")
    await api.post(f"/invoices/{first.data['id']}/void", {"reason": "later"})
    again = await api.issue(series_id=series_id, key="k")

    assert (again.status, again.data) == (201, first.data)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.body["meta"]["request_id"] != first.body["meta"]["request_id"]
    assert await api.next_number(series_id) == 2


async def test_white_space_and_the_order_of_names_do_not_make_another_request(api: Api) -> None:
    await api.a_series()
    key = {"Idempotency-Key": "k"}
    body = b'{"client_id":"c","items":[{"quantity":1,"price":1.0,"description":"x"}]}'
    same = b'{ "items":[{"description":"x", "price":1.0, "quantity":1}],\n"client_id":"c" }'

    first = await api.ask("POST", "/invoices", data=body, headers=key)
    again = await api.ask("POST", "/invoices", data=same, headers=key)

    assert again.data == first.data


async def send(api: Api, body: str, key: str = "k") -> Answer:
    return await api.ask("POST", "/invoices", data=body.encode(), headers={"Idempotency-Key": key})


def written(price: str, quantity: str = "2", delegate: str = "1") -> str:
    line = f'{{"description":"x","price":{price},"quantity":{quantity},"vat_rate":19.0}}'
    return f'{{"client_id":"c","items":[{line}],"delegate":{{"a":[{delegate}]}},"unknown":{price}}}'


async def test_equal_values_are_one_request_however_they_are_written(api: Api) -> None:
    """CONTRACT.md D90."""
    series_id = await api.a_series()
    first = await send(api, written("12.5"))

    same = [("12.50", "2", "1"), ("1.25e1", "2.0", "1.00"), ("125E-1", "20e-1", "0.1e1"), ("12.500", "2", "1")]
    for price, quantity, delegate in same:
        again = await send(api, written(price, quantity, delegate))
        assert (again.data, again.headers["Idempotent-Replayed"]) == (first.data, "true")
    marked = await send(api, "\ufeff" + written("12.5"))
    assert marked.data == first.data
    for price, quantity, delegate in (
        ("12.51", "2", "1"),
        ("12.5", "2.01", "1"),
        ("12.5", "2", '"1"'),
        ("12.5", "2", "true"),
    ):
        other = await send(api, written(price, quantity, delegate))
        assert other.refusal == (409, "idempotency_key_reused")
    assert await api.next_number(series_id) == 2


async def test_twins_that_are_written_differently_are_twins(api: Api) -> None:
    """CONTRACT.md D72 and D90."""
    series_id = await api.a_series()

    twins = await asyncio.gather(*(send(api, written(price)) for price in ("12.5", "12.50", "1.25e1", "12.500")))

    assert len({twin.data["id"] for twin in twins}) == 1
    assert await api.next_number(series_id) == 2


async def test_an_answer_that_was_kept_before_values_counted_is_still_found(api: Api) -> None:
    """CONTRACT.md D90: a log of the version before holds digests in which a number counts by its written form."""
    await api.a_series()
    body = written("12.50", "2.0")
    caller = await api.dependencies.access.who(api.firm.live_key)
    assert isinstance(caller, Principal)
    now = idempotency_of("k", caller.caller, "/v1/invoices", given_body(body.encode(), ""))
    then = Idempotency(now.key, now.scope, now.request_as_written())
    content = sealed(VoidContent("x"))
    document = Document(new_document_id(), DocumentType.FISCAL, IsoDate("2026-03-04"), content.digest)
    command = IssueOnline(document, None)
    await api.dependencies.writer.submit(Submission(command, caller.caller, None, then))

    again = await send(api, body)

    assert (again.data["id"], again.headers["Idempotent-Replayed"]) == (document.document_id, "true")
    assert (await send(api, written("12.51", "2.0"))).refusal == (409, "idempotency_key_reused")


async def test_another_body_under_the_key_is_refused_before_it_is_looked_at(api: Api) -> None:
    await api.a_series()
    await api.issue(key="k")

    for body in ({**AN_INVOICE, "notes": "other"}, {}, {"items": 7}):
        assert (await api.post("/invoices", body, key="k")).refusal == (409, "idempotency_key_reused")


async def test_a_number_and_the_text_that_reads_like_it_are_two_requests(api: Api) -> None:
    await api.a_series()
    assert (await api.issue(key="k", delegate={"a": 10.5})).status == 201

    assert (await api.issue(key="k", delegate={"a": "10.5"})).refusal == (409, "idempotency_key_reused")


async def test_a_refused_request_may_be_mended_under_its_key(api: Api) -> None:
    await api.a_series()

    assert (await api.issue(key="k", date="x")).refusal == (400, "invalid_format")
    assert (await api.issue(key="k", series_id="nope")).refusal == (404, "resource_missing")
    assert (await api.issue(key="k")).status == 201


async def test_firm_mode_device_and_path_each_make_it_another_request(api: Api) -> None:
    for credential in (api.firm.live_key, api.firm.test_key, api.other_firm.live_key):
        await api.post("/invoice-series", {"name": "F", "document_type": "fiscal"}, credential)
    credentials = (api.firm.live_key, api.firm.test_key, api.firm.device_a, api.firm.device_b, api.other_firm.live_key)

    invoices = [(await api.issue(credential, "k")).data["id"] for credential in credentials]
    voided = [(await api.post(f"/invoices/{invoices[0]}/void", key="k")).status for _ in range(2)]

    assert len(set(invoices)) == len(credentials)
    assert voided == [200, 200]


async def test_every_post_honours_the_key(api: Api) -> None:
    body = {"name": "F", "document_type": "fiscal"}
    opened = [await api.post("/invoice-series", body, key="k") for _ in range(2)]
    assert (opened[0].status, opened[0].data) == (opened[1].status, opened[1].data)
    series_id = opened[0].data["id"]
    device = api.firm.device_a
    for path in ("lock", "reserve-numbers", "unlock", "set-primary"):
        first, again = [await api.post(f"/invoice-series/{series_id}/{path}", None, device, "k") for _ in range(2)]
        assert (again.status, again.data) == (first.status, first.data), path
        assert again.headers["Idempotent-Replayed"] == "true", path
    assert await api.next_number(series_id) == 11
    (slot, *_) = (await api.get(f"/invoice-series/{series_id}/reservations", device)).data["data"]
    path = f"/invoice-series/reservations/{slot['token']}/release"
    first, again = [await api.post(path, None, device, "k") for _ in range(2)]
    assert again.data == first.data


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "caf\u00e9", "a\tb"])
async def test_a_bad_key_is_named(api: Api, key: str) -> None:
    answer = await api.post("/invoice-series", {"name": "F", "document_type": "fiscal"}, key=key)

    assert answer.refusal == (400, "invalid_field_value")
    assert answer.error["param"] == "Idempotency-Key"


async def test_a_key_of_255_characters_is_good(api: Api) -> None:
    answer = await api.post("/invoice-series", {"name": "F", "document_type": "fiscal"}, key="x" * 255)

    assert answer.status == 201


async def test_twins_that_arrive_together_get_one_invoice(api: Api) -> None:
    series_id = await api.a_locked_series()
    (token,) = await api.tokens(series_id)

    twins = await asyncio.gather(
        *(api.issue(api.firm.device_a, "k", reservation_token=token, series_id=series_id) for _ in range(8))
    )

    assert {twin.status for twin in twins} == {201}
    assert len({twin.data["id"] for twin in twins}) == 1


async def test_without_a_key_a_token_yields_one_invoice_and_the_rest_are_refused(api: Api) -> None:
    series_id = await api.a_locked_series()
    (token,) = await api.tokens(series_id)

    answers = await asyncio.gather(*(api.issue(api.firm.device_a, reservation_token=token) for _ in range(8)))

    assert sorted(answer.status for answer in answers) == [201, *[409] * 7]
    assert {answer.refusal for answer in answers if answer.status != 201} == {(409, "reservation_already_consumed")}


async def test_without_a_key_a_repeated_issue_takes_another_number(api: Api) -> None:
    series_id = await api.a_series()

    numbers = [(await api.issue(series_id=series_id)).data["number_idx"] for _ in range(2)]

    assert numbers == [1, 2]
