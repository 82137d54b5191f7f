"""CONTRACT.md section 12: one test for each invariant, under load on two replicas at once."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from itertools import chain
from random import Random
from typing import Any

from service.core.state.state import State
from service.writer.known_state import KnownState
from tests.support.service.client import Answer, Api

Pair = tuple[Api, Api]
ROUNDS = 40


async def together(calls: Sequence[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """The replies to these requests, all sent at once; the order of the connections is the order of arrival."""
    return list(await asyncio.gather(*calls))


async def reserve(api: Api, series_id: str, count: int, credential: str | None = None) -> Answer:
    path = f"/invoice-series/{series_id}/reserve-numbers"
    return await api.post(path, {"count": count}, credential or api.firm.device_a)


async def release(api: Api, token: str) -> Answer:
    return await api.post(f"/invoice-series/reservations/{token}/release", credential=api.firm.device_a)


async def storno(api: Api, document_id: str) -> Answer:
    return await api.post(f"/invoices/{document_id}/storno", credential=api.firm.device_a)


def blocks(answers: list[Answer]) -> list[list[int]]:
    return [[slot["number"] for slot in each.data["data"]] for each in answers if each.data["object"] == "list"]


def issued(answers: list[Answer]) -> list[int]:
    return [each.data["number_idx"] for each in answers if each.data["object"] == "invoice"]


async def test_1_numbers_handed_out_are_distinct_and_without_holes(pair: Pair) -> None:
    series_id = await pair[0].a_locked_series()
    device = pair[0].firm.device_a
    sources = [(await pair[0].issue(device, series_id=series_id)).data["id"] for _ in range(10)]

    answers = await together(
        [reserve(pair[turn % 2], series_id, 1 + turn % 4) for turn in range(ROUNDS)]
        + [pair[turn % 2].issue(device, series_id=series_id) for turn in range(ROUNDS)]
        + [storno(pair[turn % 2], each) for turn, each in enumerate(sources)]
    )

    numbers = sorted([*chain(*blocks(answers)), *issued(answers), *range(1, 11)])
    assert numbers == list(range(1, await pair[1].next_number(series_id)))


async def test_2_a_block_is_contiguous_and_a_failed_reserve_spends_nothing(pair: Pair) -> None:
    series_id = await pair[0].a_locked_series()
    stranger = pair[0].firm.device_b

    answers = await together(
        [
            reserve(pair[turn % 2], series_id, [5, 51, 3][turn % 3], stranger if turn % 3 == 2 else None)
            for turn in range(3 * ROUNDS)
        ]
    )

    good = [each for each in answers if each.status == 201]
    refused = Counter(each.refusal for each in answers if each.status != 201)
    assert refused == {(400, "invalid_field_value"): ROUNDS, (409, "series_not_locked_to_device"): ROUNDS}
    assert all(block == list(range(block[0], block[0] + 5)) for block in blocks(good))
    assert await pair[1].next_number(series_id) == 5 * ROUNDS + 1


async def test_3_a_token_yields_at_most_one_invoice(pair: Pair) -> None:
    series_id = await pair[0].a_locked_series()
    tokens = await pair[0].tokens(series_id, ROUNDS)
    device = pair[0].firm.device_a

    answers = await together(
        [api.issue(device, reservation_token=each, force_chronology=False) for each in tokens for api in pair]
    )

    ends = Counter(each.status if each.status == 201 else each.error["code"] for each in answers)
    assert ends == {201: ROUNDS, "reservation_already_consumed": ROUNDS}
    assert sorted(issued([each for each in answers if each.status == 201])) == list(range(1, ROUNDS + 1))


async def test_4_a_reservation_ends_once_and_losers_are_told_how(pair: Pair) -> None:
    series_id = await pair[0].a_locked_series()
    tokens = await pair[0].tokens(series_id, ROUNDS)
    device = pair[0].firm.device_a

    consumed = [pair[0].issue(device, reservation_token=each, force_chronology=False) for each in tokens]
    released = [release(pair[1], each) for each in reversed(tokens)]
    answers = await together([call for both in zip(consumed, released, strict=True) for call in both])

    for place, token in enumerate(tokens):
        ends = (answers[2 * place], answers[2 * (len(tokens) - place) - 1])
        status = (await pair[0].get(f"/invoice-series/reservations/{token}")).data["status"]
        told = [each.status if each.body["success"] else each.error["code"] for each in ends]
        assert told == {
            "consumed": [201, "reservation_already_consumed"],
            "released": ["reservation_not_pending", 200],
        }.get(status)


async def test_5_unlocking_changes_no_reservation(pair: Pair) -> None:
    series_id = await pair[0].a_locked_series()
    path, firm = f"/invoice-series/{series_id}", pair[0].firm
    promised = {slot["token"]: slot["number"] for slot in (await reserve(pair[0], series_id, ROUNDS)).data["data"]}

    await pair[1].post(f"{path}/unlock", {"force": True}, firm.admin)
    await pair[1].post(f"{path}/lock", credential=firm.device_b)
    taken = [pair[turn % 2].issue(firm.device_b, series_id=series_id) for turn in range(ROUNDS)]
    kept = [
        pair[turn % 2].issue(firm.device_a, reservation_token=each, force_chronology=False)
        for turn, each in enumerate(promised)
    ]
    answers = await together([call for both in zip(taken, kept, strict=True) for call in both])

    assert [each.data["number_idx"] for each in answers[1::2]] == list(promised.values())
    assert sorted(each.data["number_idx"] for each in answers[::2]) == list(range(ROUNDS + 1, 2 * ROUNDS + 1))


async def test_6_while_locked_numbers_leave_through_the_holder_only(pair: Pair) -> None:
    series_id = await pair[0].a_locked_series()
    firm = pair[0].firm
    everybody = [firm.device_a, firm.device_b, firm.admin, firm.live_key, firm.no_device]
    source = (await pair[0].issue(firm.device_a, series_id=series_id)).data["id"]

    calls = [
        call
        for turn in range(ROUNDS // 4)
        for credential in everybody
        for call in (
            pair[turn % 2].issue(credential, series_id=series_id),
            reserve(pair[turn % 2], series_id, 2, credential),
            pair[turn % 2].post(f"/invoices/{source}/storno", credential=credential),
        )
    ]
    answers = await together(calls)

    own = [each for place, each in enumerate(answers) if place // 3 % len(everybody) == 0]
    others = [each for place, each in enumerate(answers) if place // 3 % len(everybody) != 0]
    assert {each.status for each in others} <= {400, 403, 409}, "a reversed source is said before the lock"
    assert [each.status for each in own].count(201) == 2 * (ROUNDS // 4)
    assert await pair[1].next_number(series_id) == 2 + 3 * (ROUNDS // 4) + 1


async def test_7_void_and_unvoid_change_no_number(pair: Pair) -> None:
    series_id = await pair[0].a_series()
    invoices = [(await pair[0].issue(series_id=series_id)).data for _ in range(10)]

    await together(
        [
            pair[turn % 2].post(f"/invoices/{each['id']}/{'void' if turn % 2 else 'unvoid'}")
            for turn in range(6)
            for each in invoices
        ]
    )

    assert await pair[1].next_number(series_id) == 11
    for each in invoices:
        found = (await pair[1].get(f"/invoices/{each['id']}")).data
        names = ("number", "number_idx", "full_number", "series_id")
        assert [found[name] for name in names] == [each[name] for name in names]


async def test_8_errors_never_advance_the_counter(pair: Pair) -> None:
    series_id = await pair[0].a_locked_series()
    (token,) = await pair[0].tokens(series_id)
    await release(pair[0], token)
    api, firm = pair[0], pair[0].firm
    before = await api.next_number(series_id)
    head = await api.dependencies.log.head()

    answers = await together(
        [
            api.issue(firm.device_a, series_id=series_id, items=[]),
            api.issue(firm.device_a, series_id=series_id, document_type="proforma"),
            api.issue(firm.device_a, series_id=series_id, reservation_token=token),
            api.issue(firm.device_a, series_id=series_id, reservation_token="rsv_" + "0" * 32),
            api.issue(firm.device_b, series_id=series_id),
            api.issue(firm.live_key, series_id=series_id),
            api.issue(firm.live_key, "", series_id=series_id),
            api.issue("sk_live_unknown", series_id=series_id),
            api.issue(pair[0].other_firm.live_key, series_id=series_id),
            reserve(api, series_id, 0),
            reserve(api, series_id, 3, firm.device_b),
            reserve(api, series_id, 3, firm.live_key),
            api.ask("POST", "/invoices", firm.device_a, data=b"{"),
        ]
    )

    assert [each.status for each in answers if each.status < 400 or each.status >= 500] == []
    assert (await pair[1].next_number(series_id), await api.dependencies.log.head()) == (before, head)


async def test_9_replaying_the_log_rebuilds_counter_lock_and_every_reservation(pair: Pair) -> None:
    chance = Random(9)  # noqa: S311 - the same work each time
    api, device = pair[0], pair[0].firm.device_a
    series_id = await api.a_locked_series()
    tokens = await api.tokens(series_id, 50)
    calls = [
        pair[chance.randrange(2)].issue(device, reservation_token=each, force_chronology=False)
        if chance.random() < 0.5
        else release(pair[chance.randrange(2)], each)
        for each in tokens[:40]
    ]
    await together(calls)

    fresh = await KnownState(api.dependencies.log).read()

    states: list[State] = [await each.dependencies.writer.known.read() for each in pair]
    assert states == [fresh, fresh]
    series = fresh.of((await api.dependencies.access.who(device)).caller, series_id)  # type: ignore[union-attr,arg-type]
    assert series is not None
    listed = (await api.get(f"/invoice-series/{series_id}/reservations", device)).data["data"]
    assert [slot["token"] for slot in listed] == tokens[40:]
    assert (series.next_number, series.lock is not None) == (51, True)
