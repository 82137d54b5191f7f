"""A race: the same few requests, sent at once to two replicas, again and again, each time about new numbers."""

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
"""How many turns of the event loop one contender may begin before another."""

Request = Callable[[Api], Awaitable[Answer]]
Ending = tuple[int | str, ...]
"""The reply to each contender: the status of a success, or the code of a refusal."""


@dataclass(frozen=True)
class Round:
    """The requests of one round; `check` gets the replies and looks at the state that they left."""

    contenders: Sequence[Request]
    check: Callable[[Sequence[Answer]], Awaitable[None]]


Prepare = Callable[[], Awaitable[Round]]


async def contest(
    pair: Sequence[Api], prepare: Callable[[], Awaitable[Round]], endings: set[Ending]
) -> Counter[Ending]:
    """Repeat, at least ROUNDS_MIN times, until each of these endings was seen. Any other ending fails.

    Each round gives the contenders other replicas and another order to begin; the database decides which one wins.
    """
    chance = Random(7)  # noqa: S311 - the same order of beginning each time
    seen = Counter[Ending]()
    for place in itertools.count():
        if place >= ROUNDS_MIN and set(seen) == endings:
            return seen
        assert place < ROUNDS_MAX, f"not all of {endings} were seen, only {seen}"
        race = await prepare()
        runs = [_run(request, pair[(place + lane) % 2], chance) for lane, request in enumerate(race.contenders)]
        answers = await asyncio.gather(*runs)
        ending = tuple(_told(answer) for answer in answers)
        assert ending in endings, f"round {place} ended with {ending}; no order of the requests explains that"
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
