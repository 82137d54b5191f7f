"""One barrier serves all callers that came before it began."""

import asyncio

import pytest

from service.writer.barrier import SharedBarrier
from tests.support.waiting import until


class Gate:
    """A barrier that ends when the test says so."""

    def __init__(self) -> None:
        self.begun: list[asyncio.Future[None]] = []

    async def __call__(self) -> None:
        self.begun.append(asyncio.get_running_loop().create_future())
        await self.begun[-1]


async def test_who_comes_while_one_runs_waits_for_the_next_and_all_of_them_for_the_same() -> None:
    gate = Gate()
    barrier = SharedBarrier(gate)
    first = asyncio.create_task(barrier.passed())
    await until(lambda: len(gate.begun) == 1)
    later = [asyncio.create_task(barrier.passed()) for _ in range(50)]
    later[7].cancel()
    await asyncio.wait([later[7]])

    gate.begun[0].set_result(None)
    await first
    await until(lambda: len(gate.begun) == 2)
    assert not any(task.done() for task in later if task is not later[7])
    gate.begun[1].set_exception(OSError("away"))
    for task in later[:7] + later[8:]:
        with pytest.raises(OSError, match="away"):
            await task

    after = asyncio.create_task(barrier.passed())
    await until(lambda: len(gate.begun) == 3)
    gate.begun[2].set_result(None)
    await after
