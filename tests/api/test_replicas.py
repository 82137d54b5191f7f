"""Two processes of the service over one log: it makes no difference which one a request reaches."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest_asyncio

from tests.support.service.client import Api, an_api


@pytest_asyncio.fixture
async def pair(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Api, Api]]:
    """Two services with the same keys, and one firm's credentials for both."""
    async with an_api(database_url, tmp_path) as first, an_api(database_url, tmp_path) as second:
        yield first, replace(second, firm=first.firm, other_firm=first.other_firm)


async def test_what_one_did_the_other_knows_at_once(pair: tuple[Api, Api]) -> None:
    first, second = pair
    series_id = await first.a_locked_series()
    tokens = await second.tokens(series_id, 3)

    assert await first.next_number(series_id) == 4
    listed = (await first.get(f"/invoice-series/{series_id}/reservations", first.firm.device_a)).data
    assert [slot["token"] for slot in listed["data"]] == tokens
    invoice = (await first.issue(first.firm.device_a, reservation_token=tokens[0])).data
    assert (await second.get(f"/invoices/{invoice['id']}")).data == invoice
    assert (await second.issue(first.firm.device_a, reservation_token=tokens[0])).refusal == (
        409,
        "reservation_already_consumed",
    )
    assert (await second.post(f"/invoices/{invoice['id']}/void")).data["is_void"] is True
    assert (await first.post(f"/invoices/{invoice['id']}/void")).refusal == (400, "invoice_already_voided")


async def test_twins_on_two_replicas_get_one_invoice(pair: tuple[Api, Api]) -> None:
    series_id = await pair[0].a_series()

    for place in range(10):
        twins = await asyncio.gather(*(api.issue(series_id=series_id, key=f"k{place}") for api in pair))
        assert [twin.status for twin in twins] == [201, 201]
        assert twins[0].data == twins[1].data
    assert await pair[0].next_number(series_id) == 11


async def test_consuming_and_releasing_one_token_at_once_has_one_winner(pair: tuple[Api, Api]) -> None:
    first, second = pair
    series_id = await first.a_locked_series()
    device = first.firm.device_a

    for token in await first.tokens(series_id, 10):
        consumed, released = await asyncio.gather(
            first.issue(device, reservation_token=token),
            second.post(f"/invoice-series/reservations/{token}/release", credential=device),
        )
        if consumed.status == 201:
            assert released.refusal == (409, "reservation_already_consumed")
        else:
            assert released.status == 200
            assert consumed.refusal == (409, "reservation_not_pending")


async def test_numbers_taken_through_both_at_once_are_distinct_and_without_holes(pair: tuple[Api, Api]) -> None:
    series_id = await pair[0].a_series()

    answers = await asyncio.gather(*(pair[turn % 2].issue(series_id=series_id) for turn in range(100)))

    assert {answer.status for answer in answers} == {201}
    assert sorted(answer.data["number_idx"] for answer in answers) == list(range(1, 101))
