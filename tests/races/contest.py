"""A race: the same few requests, again and again, sent at once to two replicas, each time about something new."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from schemas.values import Position
from tests.support.domain.invariants import check_invariants
from tests.support.service.client import Answer, Api

ROUNDS_MIN: Final = 40
ROUNDS_MAX: Final = 300
HEAD_START_MAX: Final = 8
"""Turns of the event loop by which one contender may begin before another."""

Request = Callable[[Api], Awaitable[Answer]]
Ending = tuple[int | str, ...]
"""How each contender was answered: the status of a success, the code of a refusal."""


@dataclass(frozen=True)
class Round:
    """What one round is about; `check` looks at what is left of it, given how it ended."""

    contenders: Sequence[Request]
    check: Callable[[Sequence[Answer]], Awaitable[None]]


Prepare = Callable[[], Awaitable[Round]]


async def contest(
    pair: Sequence[Api], prepare: Callable[[], Awaitable[Round]], endings: set[Ending]
) -> Counter[Ending]:
    """Repeat until every one of these endings was seen, at least ROUNDS_MIN times. Any other ending fails.

    Which contender gets which replica, and who begins, changes from round to round; what decides is the database.
    """
    chance = Random(7)  # noqa: S311 - the same order of beginning each time
    seen = Counter[Ending]()
    for place in itertools.count():
        if place >= ROUNDS_MIN and set(seen) == endings:
            return seen
        assert place < ROUNDS_MAX, f"not all of {endings} happen: {seen}"
        race = await prepare()
        runs = [_run(request, pair[(place + lane) % 2], chance) for lane, request in enumerate(race.contenders)]
        answers = await asyncio.gather(*runs)
        ending = tuple(_told(answer) for answer in answers)
        assert ending in endings, f"round {place} ended with {ending}, which no order of the requests explains"
        seen[ending] += 1
        await race.check(answers)
    raise AssertionError


async def _run(request: Request, api: Api, chance: Random) -> Answer:
    for _ in range(chance.randrange(HEAD_START_MAX)):
        await asyncio.sleep(0)
    return await request(api)


def _told(answer: Answer) -> int | str:
    return answer.status if answer.body["success"] else answer.error["code"]


async def check_the_log(api: Api) -> None:
    """The invariants of the whole log."""
    check_invariants(await api.dependencies.log.read(Position(0), 1_000_000))
