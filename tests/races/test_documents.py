"""Races about documents: void, storno, delete, and the same request twice (CONTRACT.md sections 9, 10 and 12)."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from tests.races.contest import Round, contest
from tests.support.service.client import Answer, Api

Pair = tuple[Api, Api]


async def act(document_id: str, action: str, api: Api, key: str | None = None) -> Answer:
    if action == "delete":
        return await api.ask("DELETE", f"/invoices/{document_id}")
    return await api.post(f"/invoices/{document_id}/{action}", key=key)


async def issue(series_id: str, api: Api, key: str | None = None) -> Answer:
    return await api.issue(series_id=series_id, key=key)


async def an_invoice(api: Api, series_id: str, *, is_void: bool = False) -> dict[str, Any]:
    invoice: dict[str, Any] = (await issue(series_id, api)).data
    if is_void:
        assert (await act(invoice["id"], "void", api)).status == 200
    return invoice


async def test_void_against_void(pair: Pair) -> None:
    series_id = await pair[0].a_series()

    async def prepare() -> Round:
        invoice = await an_invoice(pair[0], series_id)

        async def check(_: Sequence[Answer]) -> None:
            assert (await pair[1].get(f"/invoices/{invoice['id']}")).data["is_void"] is True

        return Round([partial(act, invoice["id"], "void")] * 2, check)

    lost = "invoice_already_voided"
    await contest(pair, prepare, {(200, lost), (lost, 200)})


async def test_unvoid_against_unvoid(pair: Pair) -> None:
    series_id = await pair[0].a_series()

    async def prepare() -> Round:
        invoice = await an_invoice(pair[0], series_id, is_void=True)

        async def check(_: Sequence[Answer]) -> None:
            assert (await pair[1].get(f"/invoices/{invoice['id']}")).data["is_void"] is False

        return Round([partial(act, invoice["id"], "unvoid")] * 2, check)

    lost = "invoice_not_voided"
    await contest(pair, prepare, {(200, lost), (lost, 200)})


async def test_storno_against_storno_of_one_source_takes_one_number(pair: Pair) -> None:
    series_id = await pair[0].a_series()

    async def prepare() -> Round:
        invoice = await an_invoice(pair[0], series_id)

        async def check(answers: Sequence[Answer]) -> None:
            (reversal,) = [answer.data for answer in answers if answer.status == 200]
            assert (reversal["storno_for"], reversal["number_idx"]) == (invoice["id"], invoice["number_idx"] + 1)
            assert (await pair[1].get(f"/invoices/{invoice['id']}")).data["storno_bill_id"] == reversal["id"]
            assert await pair[0].next_number(series_id) == reversal["number_idx"] + 1

        return Round([partial(act, invoice["id"], "storno")] * 2, check)

    lost = "invoice_already_storned"
    await contest(pair, prepare, {(200, lost), (lost, 200)})


async def test_storno_against_void_of_the_source_takes_the_sale_back_once(pair: Pair) -> None:
    """CONTRACT.md D93."""
    series_id = await pair[0].a_series()

    async def prepare() -> Round:
        invoice = await an_invoice(pair[0], series_id)

        async def check(answers: Sequence[Answer]) -> None:
            taken = 2 if answers[0].status == 200 else 1
            assert await pair[1].next_number(series_id) == invoice["number_idx"] + taken

        return Round([partial(act, invoice["id"], "storno"), partial(act, invoice["id"], "void")], check)

    await contest(pair, prepare, {(200, "invoice_already_storned"), ("invoice_cannot_be_storned", 200)})


async def test_unvoid_of_a_reversal_against_a_new_reversal_of_its_source(pair: Pair) -> None:
    """One reversal of the document stands (D83), whichever request comes first."""
    series_id = await pair[0].a_series()

    async def prepare() -> Round:
        source = await an_invoice(pair[0], series_id)
        reversal = (await act(source["id"], "storno", pair[0])).data
        await act(reversal["id"], "void", pair[0])

        async def check(answers: Sequence[Answer]) -> None:
            standing = reversal["id"] if answers[0].status == 200 else answers[1].data["id"]
            assert (await pair[1].get(f"/invoices/{source['id']}")).data["storno_bill_id"] == standing

        return Round([partial(act, reversal["id"], "unvoid"), partial(act, source["id"], "storno")], check)

    lost = "invoice_already_storned"
    await contest(pair, prepare, {(200, lost), (lost, 200)})


async def test_delete_of_the_last_against_issue(pair: Pair) -> None:
    """The counter moves on in both endings; the number is withdrawn, or it is no longer the last one."""
    series_id = await pair[0].a_series()

    async def prepare() -> Round:
        last = await an_invoice(pair[0], series_id, is_void=True)

        async def check(answers: Sequence[Answer]) -> None:
            assert answers[1].data["number_idx"] == last["number_idx"] + 1
            status = (await pair[1].get(f"/invoices/{last['id']}")).status
            assert status == (404 if answers[0].status == 200 else 200)

        return Round([partial(act, last["id"], "delete"), partial(issue, series_id)], check)

    await contest(pair, prepare, {(200, 201), ("invoice_not_last_in_series", 201)})


async def test_delete_against_delete(pair: Pair) -> None:
    series_id = await pair[0].a_series()

    async def prepare() -> Round:
        last = await an_invoice(pair[0], series_id, is_void=True)

        async def check(_: Sequence[Answer]) -> None:
            assert await pair[1].next_number(series_id) == last["number_idx"] + 1

        return Round([partial(act, last["id"], "delete")] * 2, check)

    lost = "resource_missing"
    await contest(pair, prepare, {(200, lost), (lost, 200)})


async def test_delete_against_unvoid(pair: Pair) -> None:
    series_id = await pair[0].a_series()

    async def prepare() -> Round:
        last = await an_invoice(pair[0], series_id, is_void=True)

        async def check(answers: Sequence[Answer]) -> None:
            status = (await pair[1].get(f"/invoices/{last['id']}")).status
            assert status == (404 if answers[0].status == 200 else 200)

        return Round([partial(act, last["id"], "delete"), partial(act, last["id"], "unvoid")], check)

    await contest(pair, prepare, {(200, "resource_missing"), ("invoice_cannot_be_deleted", 200)})


async def test_idempotent_twins_issue_once(pair: Pair) -> None:
    series_id = await pair[0].a_series()
    count = iter(range(1000))

    async def prepare() -> Round:
        before = await pair[0].next_number(series_id)
        request = partial(issue, series_id, key=f"k{next(count)}")

        async def check(answers: Sequence[Answer]) -> None:
            assert [answer.data for answer in answers] == [answers[0].data] * 4
            assert await pair[1].next_number(series_id) == before + 1
            replayed = [answer for answer in answers if answer.headers.get("Idempotent-Replayed") == "true"]
            assert len(replayed) == 3, "one was first"

        return Round([request] * 4, check)

    await contest(pair, prepare, {(201, 201, 201, 201)})


async def test_idempotent_twins_reverse_once(pair: Pair) -> None:
    series_id = await pair[0].a_series()

    async def prepare() -> Round:
        invoice = await an_invoice(pair[0], series_id)

        async def check(answers: Sequence[Answer]) -> None:
            assert answers[0].data == answers[1].data
            assert await pair[1].next_number(series_id) == invoice["number_idx"] + 2

        return Round([partial(act, invoice["id"], "storno", key=invoice["id"])] * 2, check)

    await contest(pair, prepare, {(200, 200)})


async def test_one_key_for_two_different_bodies_serves_one_of_them(pair: Pair) -> None:
    series_id = await pair[0].a_series()
    count = iter(range(1000))

    async def prepare() -> Round:
        key = f"k{next(count)}"

        async def issue_with(notes: str, api: Api) -> Answer:
            return await api.issue(series_id=series_id, key=key, notes=notes)

        before = await pair[0].next_number(series_id)

        async def check(_: Sequence[Answer]) -> None:
            assert await pair[1].next_number(series_id) == before + 1

        return Round([partial(issue_with, "one"), partial(issue_with, "two")], check)

    lost = "idempotency_key_reused"
    await contest(pair, prepare, {(201, lost), (lost, 201)})
