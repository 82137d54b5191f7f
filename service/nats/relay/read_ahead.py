"""What to publish next, read from the log while the one before is on its way."""

import asyncio
from typing import Final

from schemas.values import Position
from service.log.event_log import EventLog, LogBrokenError, RecordOutline
from service.nats.client.broker_faults import StreamMovedError
from service.nats.relay.comparison import position_of
from service.nats.relay.window import PublishWindow

READ_EVENTS_MAX: Final = 1024


async def read_on(log: EventLog, last: RecordOutline | None, end: Position) -> list[RecordOutline]:
    """The next records after `last`, none beyond `end`; empty only at `end`.

    `last` is read once more and must be the same: a log rolled back and grown again under us would otherwise be
    published as if it continued what the world has seen. Raises StreamMovedError then, and the log's faults.
    """
    position = position_of(last)
    count = min(READ_EVENTS_MAX, end - position)
    if count <= 0:
        return []
    records = await log.read_outlines(Position(max(0, position - 1)), count + 1)
    if last is None:
        del records[count:]
    elif not records or records.pop(0).canonical != last.canonical:
        raise StreamMovedError(f"the log is no longer the same at {position}")
    if [record.position for record in records] != list(range(position + 1, position + 1 + count)):
        raise LogBrokenError(f"the log has no {count} records after {position}")
    return records


async def publish_and_read_on(
    window: PublishWindow, records: list[RecordOutline], log: EventLog, end: Position
) -> list[RecordOutline]:
    """Publish `records` and read what follows them at the same time; raises what either raises."""
    try:
        async with asyncio.TaskGroup() as group:
            following = group.create_task(read_on(log, records[-1], end))
            await window.publish(records)
    except BaseExceptionGroup as faults:
        raise faults.exceptions[0] from faults
    return following.result()
