"""A write that is cancelled half-way leaves nothing that could harm the next write."""

import asyncio

from schemas.values import Position
from service.log.event_log import EventLog, LogFaultError
from service.log.postgres_log import PostgresLog
from tests.support.domain.batches import a_batch
from tests.support.domain.commands import a_document, a_key, an_issue
from tests.support.domain.history import a_history
from tests.support.domain.invariants import check_invariants

CANCELLATIONS = 60


async def test_what_is_written_after_a_cancelled_write_is_durable(
    postgres_log: PostgresLog, second_log: PostgresLog
) -> None:
    history = a_history((an_issue(a_document("first")), a_key()))
    async with asyncio.timeout(50):
        for turns in range(CANCELLATIONS):
            cancelled = asyncio.create_task(_hold_and_leave(postgres_log))
            for _ in range(turns):
                await asyncio.sleep(0)
            cancelled.cancel()
            await asyncio.wait([cancelled])
            head = await second_log.head()
            await postgres_log.append(head, a_batch(history.records[head:]))
            assert await second_log.head() == len(history.records), f"cancelled after {turns} turns of the loop"
            history.after((an_issue(a_document(f"inv_{turns}")), a_key()))
    check_invariants(await second_log.read(Position(0), 1_000))


async def _hold_and_leave(log: EventLog) -> None:
    """Take the lock and give it back, again and again."""
    try:
        while True:
            async with log.hold():
                pass
    except LogFaultError:
        pass
