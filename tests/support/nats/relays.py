"""A log to relay, relays that run until a block ends, and the NATS stream as a plain client reads it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import monotonic, time

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import StreamConfig, StreamInfo

from schemas.events import SeriesDescribed, SeriesOpened
from schemas.record import Record, StoredRecord, encode_record
from schemas.values import (
    DEFAULT_LOG,
    Actor,
    ActorKind,
    CommandId,
    DocumentType,
    FirmId,
    Mode,
    Number,
    Position,
    SeriesId,
    UnixSeconds,
    Version,
)
from service.access.event_proofs import EventProver
from service.access.key_file import SecretKey
from service.log.event_log import Batch, EventLog
from service.log.memory_log import MemoryLog
from service.nats.client.connection import NatsSettings
from service.nats.relay.cloud_event import CloudEvents
from service.nats.relay.relay import Relay, RelayPace
from service.nats.relay.status import RelayStatus
from service.tracing.tracer import Tracer
from tests.support.waiting import until

STREAM = "NUMBERING_1"
SUBJECTS = "numbering.v1.events.>"
SERIES = 5
DEADLINE_SECONDS = 20.0
A_PROVER = EventProver((SecretKey("t1", "00" * 32),))
A_STORY = CloudEvents("/numbering/memory/logs/1", A_PROVER)
"""Makes messages as the relay of a log in memory does."""

HURRIED = RelayPace(poll=0.01, rest=0.001, compare=0.2, standby=0.1, retry=0.01, retry_max=0.1)


class UnsureLog(MemoryLog):
    """A log that can lose its tail; a failover leaves the positions up to `durable`, or everything if that is None."""

    durable: Position | None = None

    async def barrier(self, reader: str) -> Position:
        """The last durable position."""
        head = await super().barrier(reader)
        return head if self.durable is None else min(self.durable, head)

    def lose_tail(self, after: Position) -> None:
        """Forget every record after `after`, as a failover to a standby that was behind does."""
        del self._records[after:]
        self._versions = {stored.record.stream: stored.record.version for stored in self._records}

    @property
    def is_halted(self) -> bool:
        """Whether it takes no events."""
        return self._halted_because is not None

    def resume(self) -> None:
        """Take events again, as after `numbering resume`."""
        self._halted_because = None


async def grow(log: EventLog, count: int, *, story: str = "first") -> None:
    """Append `count` events; with another `story` other events get the same positions."""
    head = await log.head()
    await log.append(head, Batch([record(Position(head + 1 + step), story) for step in range(count)]))


def record(position: Position, story: str) -> StoredRecord:
    """The record at `position` of a log in which all series are opened first and are then described in turn."""
    series, turn = (position - 1) % SERIES, (position - 1) // SERIES
    event = (
        SeriesOpened(f"S{series}", DocumentType.FISCAL, None, "{number}", Number(1), 2026, is_primary=False)
        if turn == 0
        else SeriesDescribed(f"{story} {turn}")
    )
    found = Record(
        log=DEFAULT_LOG,
        position=position,
        stream=SeriesId(f"ser_{series}"),
        series_name=f"S{series}",
        version=Version(turn + 1),
        previous=Position(position - SERIES if turn else 0),
        firm_id=FirmId("firm_1"),
        mode=Mode.LIVE,
        at=UnixSeconds(1_780_000_000 + turn),
        actor=Actor(ActorKind.KEY, "key_1"),
        device_id=None,
        command_id=CommandId(f"{story}-{position}"),
        idempotency_key=None,
        event=event,
    )
    return StoredRecord(found, encode_record(found))


@asynccontextmanager
async def relaying(
    log: EventLog,
    url: str,
    pace: RelayPace = HURRIED,
    *,
    prover: EventProver | None = None,
    replicas: int = 1,
    tracer: Tracer | None = None,
) -> AsyncGenerator[Relay]:
    """A relay that runs until the block ends."""
    relay = Relay(
        log,
        NatsSettings(url=url),
        clock=lambda: UnixSeconds(int(time())),
        prover=prover or A_PROVER,
        replicas=replicas,
        pace=pace,
        tracer=tracer,
    )
    task = asyncio.create_task(relay.run())
    try:
        yield relay
        # A relay never ends by itself; if it did, this raises why.
        if task.done():
            await task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def reached(relay: Relay, position: int) -> None:
    """Return once the events up to `position` are published."""
    await until(lambda: (relay.status().published or 0) >= position, f"reaching {position}")


async def caught_up(relay: Relay, log: EventLog, *, seconds_max: float = DEADLINE_SECONDS) -> RelayStatus:
    """Return once everything in the log is published and nothing is wrong."""
    head = await log.head()

    def has_caught_up() -> bool:
        status = relay.status()
        return status.fault is None and status.published == head and status.head == head

    overdue = monotonic() + seconds_max
    while not has_caught_up():
        assert monotonic() < overdue, f"not caught up with {head}: {relay.status()}"
        await asyncio.sleep(0.005)
    return relay.status()


@asynccontextmanager
async def stranger(url: str) -> AsyncGenerator[JetStreamContext]:
    """A plain NATS client, without code of the service."""
    client = Client()
    await client.connect(url)
    try:
        yield JetStreamContext(client)
    finally:
        await client.close()


async def make_stream(jetstream: JetStreamContext, config: StreamConfig) -> StreamInfo:
    """Make a NATS stream that the relay did not set up."""
    return await jetstream.add_stream(config)  # pyright: ignore[reportUnknownMemberType] - untyped options


async def change_stream(jetstream: JetStreamContext, config: StreamConfig) -> None:
    """Give an existing stream these settings."""
    await jetstream.update_stream(config)  # pyright: ignore[reportUnknownMemberType] - untyped options


async def messages(url: str) -> list[Msg]:
    """Everything an ordered consumer receives from sequence 1 on."""
    async with stranger(url) as jetstream:
        info = await jetstream.stream_info(STREAM)
        subscription = await jetstream.subscribe(SUBJECTS, stream=STREAM, ordered_consumer=True)
        try:
            return [await subscription.next_msg(timeout=5) for _ in range(info.state.messages)]
        except NatsTimeoutError as error:
            raise AssertionError("the stream has fewer messages than it says") from error


async def assert_stream_is_log(url: str, log: EventLog) -> None:
    """Every event is in the stream, in order, sequence equal to position, byte for byte."""
    received = await messages(url)
    expected = await log.read(Position(0), len(received) + 1)

    assert [message.metadata.sequence.stream for message in received] == list(range(1, len(received) + 1))
    assert [message.data for message in received] == [stored.canonical for stored in expected]
    assert len(received) == await log.head()
