"""The relay catches up on a log in PostgreSQL, in turn with a bare program that publishes the same bytes pipelined."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from statistics import median
from time import perf_counter
from typing import Final

from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import DiscardPolicy, StreamConfig
from nats.js.manager import JetStreamManager

from schemas.values import UnixSeconds
from service.log.postgres_log import PostgresLog
from service.nats.client.connection import NatsSettings, connected
from service.nats.relay.relay import Relay
from tests.benchmarks.long_log import fill
from tests.benchmarks.place import Pace, Place
from tests.benchmarks.report import Cell, Report
from tests.support.nats.relays import A_PROVER

EVENTS: Final = {0.0: 2_000, 0.5: 20_000}
EVENTS_FULL: Final = 200_000
STREAM: Final = "NUMBERING_1"
SUBJECTS: Final = "numbering.v1.events.>"
WINDOW: Final = 4096
EVENTS_AN_ACK: Final = 32
LOOK_SECONDS: Final = 0.005


class Published(Struct, frozen=True):
    """One message of the NATS stream, to be published again unchanged."""

    subject: str
    body: bytes
    headers: dict[str, str]


async def run(place: Place, pace: Pace) -> Report:
    """One row for each round: the relay, then a bare loop that publishes the same messages again."""
    events = EVENTS.get(pace.seconds, EVENTS_FULL)
    log = await PostgresLog.open(place.database_url)
    try:
        await fill(log, events)
        rows = [await _round(place, log, events) for _ in range(pace.rounds)]
    finally:
        await log.close()
    middle: dict[str, Cell] = {name: median(float(row[name]) for row in rows) for name in rows[0]}
    rows.append(middle | {"events": events})
    return Report(f"Catching up on {events:,} events", rows, _notes())


async def _round(place: Place, log: PostgresLog, events: int) -> dict[str, Cell]:
    async with _stream_gone(place):
        relayed = events / await _relay(place, log, events)
        messages = await _messages(place, events)
    bare: dict[int, float] = {}
    for events_an_ack in (1, EVENTS_AN_ACK):
        async with _stream_gone(place):
            bare[events_an_ack] = events / await _bare(place, messages, events_an_ack)
    return {
        "events": events,
        "relay/s": round(relayed),
        "bare/s": round(bare[EVENTS_AN_ACK]),
        "ratio": relayed / bare[EVENTS_AN_ACK],
        "bare, ack each/s": round(bare[1]),
        "ratio ": relayed / bare[1],
    }


async def _relay(place: Place, log: PostgresLog, events: int) -> float:
    relay = Relay(log, NatsSettings(url=place.nats_url), clock=lambda: UnixSeconds(int(time.time())), prover=A_PROVER)
    started = perf_counter()
    running = asyncio.create_task(relay.run())
    try:
        while (relay.status().published or 0) < events:
            assert relay.status().fault is None, relay.status()
            await asyncio.sleep(LOOK_SECONDS)
        return perf_counter() - started
    finally:
        running.cancel()
        await asyncio.wait([running])


async def _messages(place: Place, events: int) -> list[Published]:
    """The messages that the relay published."""
    async with connected(NatsSettings(url=place.nats_url), "bench") as client:
        subscription = await client.jetstream().subscribe(SUBJECTS, stream=STREAM, ordered_consumer=True)  # pyright: ignore[reportUnknownMemberType] - untyped options
        found = [await subscription.next_msg(timeout=10) for _ in range(events)]
    return [Published(each.subject, each.data, each.headers or {}) for each in found]


async def _bare(place: Place, messages: Sequence[Published], events_an_ack: int) -> float:
    """The seconds to publish these messages; one in every few is acknowledged, and a window bounds the others."""
    async with connected(NatsSettings(url=place.nats_url), "bench") as client:
        config = StreamConfig(name=STREAM, subjects=[SUBJECTS], discard=DiscardPolicy.NEW, duplicate_window=2.0)
        await JetStreamManager(client).add_stream(config)  # pyright: ignore[reportUnknownMemberType] - untyped options
        return await _publish_all(client, messages, events_an_ack)


async def _publish_all(client: Client, messages: Sequence[Published], events_an_ack: int) -> float:
    acked, moved = 0, asyncio.Event()

    async def on_ack(message: Msg) -> None:
        nonlocal acked
        assert b'"error"' not in message.data, message.data
        acked = max(acked, int(message.subject.rpartition(".")[2]))
        moved.set()

    inbox = client.new_inbox()
    await client.subscribe(f"{inbox}.*", cb=on_ack)  # pyright: ignore[reportUnknownMemberType] - untyped future
    started = perf_counter()
    for position, message in enumerate(messages, start=1):
        is_acked = position % events_an_ack == 0 or position == len(messages)
        await client.publish(message.subject, message.body, f"{inbox}.{position}" if is_acked else "", message.headers)
        if position % EVENTS_AN_ACK == 0:
            await asyncio.sleep(0)
        while position - acked > WINDOW or (position == len(messages) and acked < position):
            moved.clear()
            await moved.wait()
    return perf_counter() - started


@asynccontextmanager
async def _stream_gone(place: Place) -> AsyncGenerator[None]:
    yield
    async with connected(NatsSettings(url=place.nats_url), "bench") as client:
        await JetStreamManager(client).delete_stream(STREAM)


def _notes() -> list[str]:
    return [
        "relay: service.nats.relay.relay.Relay over PostgresLog: barrier, reading, headers, publishing, comparison",
        f"bare: nats-py publishes the messages of the relay from memory, with a window of {WINDOW}; "
        f"one acknowledgement for {EVENTS_AN_ACK} events, as for the relay, and one for each event",
        f"the last row is the median; the server stores to disk; {os.cpu_count()} processors shared with both servers",
    ]
