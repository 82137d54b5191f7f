"""One firm that asks more than can be answered: another firm, and HTTP, are answered while it does."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from schemas.api.operations import REQUEST_ROOT
from service.nats.requests.fairness import (
    DISCOVERIES_A_SECOND,
    FIRMS_AT_ONCE,
    NOBODY,
    REFUSALS_A_SECOND,
    Gate,
    Partition,
    Rounds,
    Shares,
)
from tests.support.nats.flood import flooding
from tests.support.nats.requesting import Requester, a_requester
from tests.support.service.client import Api
from tests.support.waiting import until

ASKED: Final = 20
ONE: Final = ("live", "one")
TWO: Final = ("live", "two")
LARGE: Final = b'{"series_id":"' + b"x" * 200_000 + b'"}'


@pytest.mark.parametrize("body", [b'{"series_id":"x"}', LARGE], ids=["small", "large"])
@pytest.mark.parametrize("is_good", [True, False], ids=["a good session", "bad keys"])
async def test_another_firm_and_http_are_answered_while_one_floods(
    api: Api, nats_url: str, tmp_path: Path, is_good: bool, body: bytes
) -> None:
    other = api.other_firm
    series = (await api.post("/invoice-series", {"name": "O", "document_type": "fiscal"}, other.live_key)).data["id"]
    await api.a_series()
    subject = f"{REQUEST_ROOT}.live.{api.firm.firm_id}.series"
    credential = api.firm.device_a if is_good else "sk_live_000000000000000000000000"
    async with a_requester(api, nats_url) as requester:
        async with flooding(nats_url, subject, credential, body, tmp_path):
            await until(partial(is_pressed, requester), "the flood arrives")
            for _ in range(ASKED):
                reply = await requester.ask("series", {"series_id": series}, other.live_key, firm=other.firm_id)
                assert reply.data["id"] == series
                assert (await api.get("/ping", "")).status == 200
                await until(partial(is_pressed, requester), "it lasts")
        await until(lambda: requester.endpoint.status().in_flight == 0)
        again = await requester.ask("series", {"series_id": "x"})

    assert again.refusal == (404, "resource_missing")


def is_pressed(requester: Requester) -> bool:
    """Whether requests of the flood are worked on, or were too many."""
    status = requester.endpoint.status()
    return status.in_flight > 0 or status.dropped > 0


def moments() -> Iterator[float]:
    """A time in one and the same second."""
    while True:
        yield 1.5


def a_gate(shares: Shares, *known: Partition) -> Gate:
    return Gate(shares, REQUEST_ROOT, lambda firm: firm in known, moments().__next__)


def subject_of(firm: Partition) -> bytes:
    return f"{REQUEST_ROOT}.{firm[0]}.{firm[1]}.series".encode()


def test_a_firm_that_fills_its_share_leaves_room_to_each_other() -> None:
    shares = Shares(requests_max=100, bytes_max=1_000)
    firms = [("live", f"firm{n}") for n in range(FIRMS_AT_ONCE + 4)]
    for firm in firms:
        while shares.has_room(firm, 1):
            shares.enter(firm, 1)
    assert all(shares.has_room(("live", f"new{n}"), 1) for n in range(3))
    assert shares.requests <= 100 * FIRMS_AT_ONCE
    assert shares.bytes <= 1_000 * FIRMS_AT_ONCE
    for firm in firms:
        while shares.requests and not shares.has_room(firm, 1_000_000):
            shares.leave(firm, 1)
    assert shares.bytes == 0


def test_a_body_larger_than_a_share_has_room_when_nothing_else_does() -> None:
    shares = Shares(requests_max=100, bytes_max=1_000)
    assert shares.has_room(ONE, 5_000)
    shares.enter(ONE, 5_000)
    assert not shares.has_room(ONE, 1)
    assert shares.has_room(TWO, 1)


def test_firms_take_turns_however_much_one_of_them_has_waiting() -> None:
    rounds = Rounds[str](at_once=1_000)
    for n in range(100):
        rounds.add(ONE, f"one {n}")
    rounds.add(TWO, "two 0")
    rounds.add(TWO, "two 1")
    order = [rounds.next() for _ in range(5)]

    assert order == ["one 0", "two 0", "one 1", "two 1", "one 2"]
    assert len(rounds) == 97
    assert [rounds.next() for _ in range(98)][-2:] == ["one 99", None]


def test_of_a_firm_so_many_are_worked_on_and_the_next_when_one_is_done() -> None:
    rounds = Rounds[str](at_once=2)
    for n in range(4):
        rounds.add(ONE, f"one {n}")
    rounds.add(TWO, "two 0")
    assert [rounds.next() for _ in range(4)] == ["one 0", "two 0", "one 1", None]
    rounds.add(ONE, "one 4")
    assert rounds.next() is None
    rounds.done(TWO)
    rounds.done(ONE)
    assert [rounds.next() for _ in range(2)] == ["one 2", None]
    rounds.done(ONE)
    rounds.done(ONE)
    assert [rounds.next() for _ in range(3)] == ["one 3", "one 4", None]
    assert len(rounds) == 0


def test_what_has_no_room_is_told_so_a_few_times_a_second_and_else_dropped() -> None:
    shares = Shares(requests_max=1, bytes_max=1_000)
    gate = a_gate(shares, ONE, TWO)
    shares.enter(ONE, 1)
    let_in = [gate.lets_in(subject_of(ONE), 1) and gate.is_told(ONE) for _ in range(10 * REFUSALS_A_SECOND)]

    assert let_in == [True] * REFUSALS_A_SECOND + [False] * (9 * REFUSALS_A_SECOND)
    assert gate.dropped == 9 * REFUSALS_A_SECOND
    assert gate.lets_in(subject_of(TWO), 1)


def test_firms_that_we_do_not_know_have_one_share_and_a_firm_has_one_however_it_is_written() -> None:
    gate = a_gate(Shares(requests_max=1, bytes_max=1), ONE)

    assert gate.firm_of(subject_of(ONE)) == gate.firm_of(subject_of(("l%69ve", "%6Fne"))) == ONE
    assert {gate.firm_of(subject_of(("live", f"invented{n}"))) for n in range(100)} == {NOBODY}
    assert gate.firm_of(b"numbering.v1.requests.\xff\xfe.%zz.series") == NOBODY


def test_questions_of_tools_are_bounded_too() -> None:
    gate = a_gate(Shares(requests_max=1, bytes_max=1))
    let_in = [gate.lets_in(b"$SRV.PING", 0) for _ in range(2 * DISCOVERIES_A_SECOND)]

    assert let_in.count(True) == DISCOVERIES_A_SECOND


async def test_a_flood_of_pings_holds_up_no_request(api: Api, nats_url: str, tmp_path: Path) -> None:
    series = await api.a_series()
    async with a_requester(api, nats_url) as requester, flooding(nats_url, "$SRV.INFO.numbering", "", b"", tmp_path):
        await until(lambda: requester.endpoint.status().dropped > 0, "the flood is too much")
        for _ in range(ASKED):
            assert (await requester.ask("series", {"series_id": series})).data["id"] == series
        await asyncio.sleep(0)
