"""Two requests about one document at once, on two replicas: one wins, and the other is refused by the new state."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.support.service.client import Api, an_api

ROUNDS = 8


@pytest_asyncio.fixture
async def pair(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Api, Api]]:
    """Two services with the same keys, and one firm's credentials for both."""
    async with an_api(database_url, tmp_path) as first, an_api(database_url, tmp_path) as second:
        yield first, replace(second, firm=first.firm, other_firm=first.other_firm)


async def an_invoice(api: Api, **more: Any) -> str:
    found: str = (await api.issue(**more)).data["id"]
    return found


async def test_of_two_reversals_at_once_one_stands(pair: tuple[Api, Api]) -> None:
    series_id = await pair[0].a_series()

    for _ in range(ROUNDS):
        source = await an_invoice(pair[0])
        answers = await asyncio.gather(*(api.post(f"/invoices/{source}/storno") for api in pair))
        won = [answer for answer in answers if answer.status == 200]
        assert len(won) == 1
        assert [a.refusal for a in answers if a.status != 200] == [(400, "invoice_already_storned")]
        assert (await pair[1].get(f"/invoices/{source}")).data["storno_bill_id"] == won[0].data["id"]
    assert await pair[1].next_number(series_id) == 2 * ROUNDS + 1


async def test_a_reversal_never_negates_what_the_invoice_no_longer_says(pair: tuple[Api, Api]) -> None:
    first, second = pair
    await first.a_series()
    items = [{"description": "x", "quantity": 1, "price": 100, "vat_rate": 0}]

    for _ in range(ROUNDS):
        source = await an_invoice(first)
        changed, reversal = await asyncio.gather(
            first.ask("PUT", f"/invoices/{source}", json={"items": items}), second.post(f"/invoices/{source}/storno")
        )
        assert reversal.status == 200
        if changed.status != 200:
            assert changed.refusal == (400, "invoice_already_storned")
        assert (await first.get(f"/invoices/{source}")).data["total"] == -reversal.data["total"]


async def test_changes_on_two_replicas_are_all_kept(pair: tuple[Api, Api]) -> None:
    first, second = pair
    await first.a_series()

    for is_draft in (0, 1):
        for _ in range(ROUNDS):
            path = f"/invoices/{await an_invoice(first, is_draft=is_draft)}"
            answers = await asyncio.gather(
                first.ask("PUT", path, json={"due_at": "2099-01-01"}),
                second.ask("PATCH", path, json={"client_id": "c"}),
            )
            assert [answer.status for answer in answers] == [200, 200]
            now = (await second.get(path)).data
            assert (now["due_date"], now["client_id"]) == ("2099-01-01", "c")


async def test_deleting_and_bringing_back_at_once_has_one_winner(pair: tuple[Api, Api]) -> None:
    first, second = pair
    await first.a_series()

    for _ in range(ROUNDS):
        path = f"/invoices/{await an_invoice(first)}"
        await first.post(f"{path}/void")
        deleted, restored = await asyncio.gather(first.ask("DELETE", path), second.post(f"{path}/unvoid"))
        if deleted.status == 200:
            assert restored.refusal == (404, "resource_missing")
        else:
            assert deleted.refusal == (400, "invoice_cannot_be_deleted")
            assert restored.status == 200


async def test_deleting_and_issuing_at_once_leave_no_number_twice(pair: tuple[Api, Api]) -> None:
    first, second = pair
    series_id = await first.a_series()

    for _ in range(ROUNDS):
        path = f"/invoices/{await an_invoice(first)}"
        last = (await first.post(f"{path}/void")).data["number_idx"]
        deleted, issued = await asyncio.gather(first.ask("DELETE", path), second.issue())
        assert issued.data["number_idx"] == last + 1
        if deleted.status != 200:
            assert deleted.refusal == (400, "invoice_not_last_in_series")
    assert await first.next_number(series_id) == 2 * ROUNDS + 1


async def test_of_two_deletions_at_once_one_finds_nothing(pair: tuple[Api, Api]) -> None:
    draft = f"/invoices/{await an_invoice(pair[0], is_draft=1)}"

    answers = await asyncio.gather(*(api.ask("DELETE", draft) for api in pair))

    assert sorted(answer.status for answer in answers) == [200, 404]
