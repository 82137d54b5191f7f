"""Random histories of two firms, compared with a model that knows nothing but CONTRACT.md.

`NUMBERING_TEST_SEED=N` adds the histories of that seed, many more than a fixed seed has.
"""

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from schemas.values import Position
from tests.model.machine import Machine, Tally
from tests.support.domain.invariants import check_invariants
from tests.support.service.model_service import Replicas, two_replicas

FIXED: Final = {1: 30, 2: 30, 3: 30, 4: 30}
MORE: Final = {int(each): 200 for each in [os.environ.get("NUMBERING_TEST_SEED")] if each}
"""Seed, and how many histories are drawn from it."""

STEPS: Final = 60


@pytest.mark.parametrize(("drawn_from", "histories"), [*FIXED.items(), *MORE.items()])
def test_the_service_answers_as_the_model_does(
    drawn_from: int, histories: int, database_url: str, tmp_path: Path
) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        replicas = runner.run(stack.enter_async_context(two_replicas(database_url, tmp_path)))
        try:
            tally = run(runner, replicas, drawn_from, histories)
            runner.run(check_the_log(replicas))
        finally:
            runner.run(stack.aclose())
    print(f"{tally.steps} steps in {tally.histories} histories had {len(tally.seen)} kinds of replies")
    assert tally.steps > histories * STEPS / 2, "too little happened to prove anything"
    assert len(tally.seen) > 50, "the same happened too often to prove anything"


def run(runner: asyncio.Runner, replicas: Replicas, drawn_from: int, histories: int) -> Tally:
    """Run all histories. If one fails, raises the error of the shortest one that fails, with that history."""
    tally = Tally()
    machine = type("History", (Machine,), {"runner": runner, "replicas": replicas, "tally": tally})
    chosen = settings(
        max_examples=histories,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
    )
    run_state_machine_as_test(seed(drawn_from)(machine), settings=chosen)
    return tally


async def check_the_log(replicas: Replicas) -> None:
    """The invariants of the whole log that all histories left."""
    check_invariants(await replicas.apis[0].dependencies.log.read(Position(0), 1_000_000))
