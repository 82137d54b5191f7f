"""What is told to end ends, whatever it waits for at that moment."""

import asyncio

from schemas.values import DEFAULT_LOG
from service.nats.client.connection import NatsSettings, connected
from service.nats.relay.stream import EventStream
from tests.support.waiting import until

# As many steps of the event loop as a request takes, and more, over and over.
STEPS_MAX = 30
ROUNDS = 20


async def test_a_cancellation_that_meets_an_answer_is_heeded(nats_url: str) -> None:
    async with connected(NatsSettings(url=nats_url), "test") as client:
        stream = EventStream(client, DEFAULT_LOG)
        await stream.end()
        for steps in [*range(1, STEPS_MAX)] * ROUNDS:
            task = asyncio.create_task(ask_for_ever(stream))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await until(task.done, f"the end of a task cancelled after {steps} steps")


async def ask_for_ever(stream: EventStream) -> None:
    """Ask where the stream ends, without a pause."""
    while True:
        await stream.end()
