"""Closed-loop load: each client sends its next request when it has the reply to the last one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

from msgspec import Struct


class Measured(Struct, frozen=True):
    """The result of a load; `latencies` are seconds, ascending, one for each request that was answered."""

    latencies: Sequence[float]
    seconds: float

    @property
    def count(self) -> int:
        """How many requests were answered."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.count / self.seconds

    def milliseconds(self, share: float) -> float:
        """The latency in milliseconds that this share of the requests did not exceed."""
        return self.latencies[min(int(self.count * share), self.count - 1)] * 1000


async def drive(clients: Sequence[Callable[[], Awaitable[object]]], seconds: float) -> Measured:
    """Let every client ask for `seconds`, each at least once, and wait for the last answers."""
    latencies: list[float] = []
    started = perf_counter()
    deadline = started + seconds

    async def ask_again_and_again(ask: Callable[[], Awaitable[object]]) -> None:
        now = perf_counter()
        while True:
            asked, _ = now, await ask()
            now = perf_counter()
            latencies.append(now - asked)
            if now >= deadline:
                return

    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(ask_again_and_again(client))
    return Measured(sorted(latencies), perf_counter() - started)
