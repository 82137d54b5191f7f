"""The NATS server is killed at random while HTTP is used: HTTP is not affected, and the NATS stream equals the log."""

import asyncio
import os
import random
import shutil
from pathlib import Path

import pytest

from service.embedded import EmbeddedNats
from tests.support.nats.relays import assert_stream_is_log, caught_up, relaying
from tests.support.service.client import Api

SEED = "NUMBERING_TEST_SEED"
KILLS = 4
TILLS = 4


def robberies(chance: random.Random, *, is_robbed: bool) -> list[bool]:
    """Which kills delete the store. The first always does, because otherwise one run in sixteen would delete none."""
    return [is_robbed and (kill == 0 or chance.random() < 0.5) for kill in range(KILLS)]


@pytest.mark.parametrize("is_robbed", [False, True], ids=["killed", "killed and robbed of its store"])
async def test_a_broker_killed_at_random_costs_http_nothing_and_the_stream_no_event(
    api: Api, server: EmbeddedNats, data_dir: Path, *, is_robbed: bool
) -> None:
    seed = int(os.environ.get(SEED) or random.SystemRandom().randrange(1_000_000))
    chance = random.Random(seed)  # noqa: S311 - no secret
    series_id = await api.a_locked_series()
    path = f"/invoice-series/{series_id}/reserve-numbers"
    taken: list[int] = []
    is_over = asyncio.Event()

    async def till() -> None:
        while not is_over.is_set():
            answer = await api.post(path, {"count": chance.randint(1, 5)}, api.firm.device_a)
            assert answer.status == 201, (seed, answer)
            taken.extend(slot["number"] for slot in answer.data["data"])

    async def fate() -> None:
        for is_robbery in robberies(chance, is_robbed=is_robbed):
            before, wanted = len(taken), chance.randint(20, 300)
            while len(taken) < before + wanted:
                await asyncio.sleep(0.001)
            server.kill()
            if is_robbery:
                shutil.rmtree(data_dir / "nats" / "store")
            before, wanted = len(taken), chance.randint(1, 200)
            while len(taken) < before + wanted:
                await asyncio.sleep(0.001)
            server.start()
        is_over.set()

    async with relaying(api.dependencies.log, server.url) as relay:
        async with asyncio.TaskGroup() as group:
            group.create_task(fate())
            for _ in range(TILLS):
                group.create_task(till())
        await caught_up(relay, api.dependencies.log)

    await assert_stream_is_log(server.url, api.dependencies.log)
    assert sorted(taken) == list(range(1, len(taken) + 1)), f"seed {seed}"
