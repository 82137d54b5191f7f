"""Working days by seed, with all the faults that can happen; `NUMBERING_TEST_SEEDS=N` draws N more seeds."""

import asyncio
import os
from secrets import randbelow

import pytest

from service.log.memory_log import MemoryLog
from service.log.postgres_log import PostgresLog
from tests.simulation.day import Day
from tests.simulation.virtual_time import run_in_virtual_time

FIXED = [*range(40), 1178573208]
MORE = [randbelow(2**32) for _ in range(int(os.environ.get("NUMBERING_TEST_SEEDS", "0")))]
ROUNDS = 120


@pytest.mark.parametrize("seed", [*FIXED, *MORE])
def test_the_books_balance_after_any_day(seed: int) -> None:
    log = MemoryLog()
    day = Day(seed, [log, log])
    run_in_virtual_time(day.pass_by(ROUNDS))
    assert day.answered > ROUNDS, "too little happened on this day to prove anything"


def test_a_seed_is_the_same_day_again() -> None:
    days = []
    for _ in range(2):
        log = MemoryLog()
        run_in_virtual_time(Day(7, [log, log]).pass_by(40))
        days.append([(s.record.position, s.record.at, s.record.event) for s in asyncio.run(log.read(0, 10_000))])  # type: ignore[arg-type]  # before the first
    assert days[0] == days[1]


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_books_balance_after_any_day_on_postgresql(seed: int, database_url: str) -> None:
    logs = [await PostgresLog.open(database_url) for _ in range(2)]
    try:
        await Day(seed, logs).pass_by(25)
    finally:
        for log in logs:
            await log.close()
