"""Races about reservations: one fate for each number (CONTRACT.md section 12, invariants 2 to 5), losers learn it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import partial

from service.writer.sweeper import Sweeper
from tests.races.conftest import TTL_SECONDS
from tests.races.contest import Request, Round, contest
from tests.support.service.client import Answer, Api

Pair = tuple[Api, Api]


async def consume(token: str, api: Api, key: str | None = None) -> Answer:
    return await api.issue(api.firm.device_a, key, reservation_token=token, force_chronology=False)


async def release(token: str, api: Api) -> Answer:
    return await api.post(f"/invoice-series/reservations/{token}/release", credential=api.firm.device_a)


async def reservation(api: Api, token: str) -> dict[str, object]:
    found: dict[str, object] = (await api.get(f"/invoice-series/reservations/{token}", api.firm.device_a)).data
    return found


def consumed_by(answers: Sequence[Answer]) -> set[str]:
    return {answer.data["id"] for answer in answers if answer.status == 201}


async def test_consume_against_release(pair: Pair) -> None:
    api, other = pair
    series_id = await api.a_locked_series()

    async def prepare() -> Round:
        (token,) = await api.tokens(series_id)

        async def check(answers: Sequence[Answer]) -> None:
            found = await reservation(other, token)
            is_consumed = answers[0].status == 201
            assert found["status"] == ("consumed" if is_consumed else "released")
            assert found["invoice_id"] == (answers[0].data["id"] if is_consumed else None)

        return Round([partial(consume, token), partial(release, token)], check)

    await contest(pair, prepare, {(201, "reservation_already_consumed"), ("reservation_not_pending", 200)})


async def test_consume_against_consume_without_a_key_makes_one_invoice(pair: Pair) -> None:
    api, other = pair
    series_id = await api.a_locked_series()
    lost = "reservation_already_consumed"

    async def prepare() -> Round:
        (token,) = await api.tokens(series_id)

        async def check(answers: Sequence[Answer]) -> None:
            assert consumed_by(answers) == {(await reservation(other, token))["invoice_id"]}

        return Round([partial(consume, token)] * 3, check)

    await contest(pair, prepare, {(201, lost, lost), (lost, 201, lost), (lost, lost, 201)})


async def test_consume_against_consume_under_one_key_is_one_invoice_told_to_all(pair: Pair) -> None:
    api, other = pair
    series_id = await api.a_locked_series()
    count = iter(range(1000))

    async def prepare() -> Round:
        (token,) = await api.tokens(series_id)
        request: Request = partial(consume, token, key=f"draft {next(count)}")

        async def check(answers: Sequence[Answer]) -> None:
            assert consumed_by(answers) == {(await reservation(other, token))["invoice_id"]}
            replays = [answer.headers.get("Idempotent-Replayed") for answer in answers]
            assert sorted(replays, key=str) == [None, "true", "true", "true"], "one was first"

        return Round([request] * 4, check)

    await contest(pair, prepare, {(201, 201, 201, 201)})


async def test_release_against_release_is_one_event_and_two_successes(pair: Pair) -> None:
    api, _ = pair
    series_id = await api.a_locked_series()

    async def prepare() -> Round:
        (token,) = await api.tokens(series_id)
        before = await api.dependencies.log.head()

        async def check(answers: Sequence[Answer]) -> None:
            assert answers[0].data == answers[1].data
            assert await api.dependencies.log.head() == before + 1

        return Round([partial(release, token)] * 2, check)

    await contest(pair, prepare, {(200, 200)})


async def use_up(tokens: list[str], api: Api) -> list[Answer]:
    """Consume every other token and release the rest, all at once."""
    calls = [consume(each, api) if place % 2 else release(each, api) for place, each in enumerate(tokens)]
    return await asyncio.gather(*calls)


def fate_told(answer: Answer) -> str:
    """The fate that the reply to this caller tells of its number."""
    if answer.body["success"]:
        return "consumed" if answer.status == 201 else "released"
    assert answer.refusal == (409, "reservation_expired")
    return "expired"


async def test_consume_and_release_against_expiry(pair: Pair) -> None:
    """By the clock of one replica the tokens are valid; by the clock of the other, which sweeps, they are overdue."""
    api, ahead = pair
    series_id = await api.a_locked_series()
    sweeper = Sweeper(ahead.dependencies.writer.known, ahead.dependencies.writer, clock=ahead.clock, period_seconds=1)
    told = Counter[str]()

    for place in range(60):
        tokens = await api.tokens(series_id, 6)
        # Times never decrease along the log, for both replicas: the clock ahead must move on for each new block.
        ahead.clock.ahead_seconds += 2 * TTL_SECONDS
        api.clock.ahead_seconds = ahead.clock.ahead_seconds - 2 * TTL_SECONDS

        async def sweep(turns: int = place % 12) -> None:
            for _ in range(turns):
                await asyncio.sleep(0)
            await sweeper.sweep()

        answers, _ = await asyncio.gather(use_up(tokens, api), sweep())

        fates = [fate_told(answer) for answer in answers]
        told.update(fates)
        assert [(await reservation(ahead, token))["status"] for token in tokens] == fates
        assert (await consume(tokens[0], ahead)).error["code"] in {"reservation_expired", "reservation_not_pending"}

    assert set(told) == {"consumed", "released", "expired"}, "each of them wins at times"
    assert await api.next_number(series_id) == 60 * 6 + 1


async def test_the_same_clock_tick_decides_for_every_token_alike(pair: Pair) -> None:
    """In the second in which tokens expire, both replicas consume nothing any more."""
    api, other = pair
    series_id = await api.a_locked_series()
    tokens = await api.tokens(series_id, 10)
    api.clock.ahead_seconds = other.clock.ahead_seconds = TTL_SECONDS

    answers = await asyncio.gather(use_up(tokens, api), use_up(tokens, other))

    assert {fate_told(answer) for each in answers for answer in each} == {"expired"}
