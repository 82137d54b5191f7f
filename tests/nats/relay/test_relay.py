"""CONTRACT.md section 11.4: the relay while nothing fails: what a consumer receives, and what it does not."""

from dataclasses import replace
from typing import Any

import pytest
from nats.js.api import StorageType, StreamConfig

from schemas.record import decode_record
from schemas.values import Position
from service.log.memory_log import MemoryLog
from service.log.postgres_log import PostgresLog
from service.nats.relay.cloud_event import token
from service.nats.relay.status import RelayState
from tests.support.nats.relays import (
    STREAM,
    SUBJECTS,
    UnsureLog,
    assert_stream_is_log,
    caught_up,
    grow,
    make_stream,
    messages,
    reached,
    relaying,
    stranger,
)
from tests.support.waiting import until


async def test_a_consumer_from_sequence_1_receives_every_event_in_order(nats_url: str) -> None:
    log = MemoryLog()
    await grow(log, 1500)
    async with relaying(log, nats_url) as relay:
        await caught_up(relay, log)
        for _ in range(5):
            await grow(log, 7)
            relay.wake.set()
        status = await caught_up(relay, log)

    await assert_stream_is_log(nats_url, log)
    assert (status.lag_events, status.lag_seconds, status.fault) == (0, 0, None)


async def test_the_log_in_postgresql_is_relayed_byte_for_byte(database_url: str, nats_url: str) -> None:
    log = await PostgresLog.open(database_url)
    try:
        await grow(log, 700)
        async with relaying(log, nats_url) as relay:
            await caught_up(relay, log)
            await grow(log, 30)
            await caught_up(relay, log)
        await assert_stream_is_log(nats_url, log)
    finally:
        await log.close()


async def test_an_event_is_a_cloud_event_under_a_subject_of_its_own(nats_url: str) -> None:
    log = MemoryLog()
    await grow(log, 6)
    async with relaying(log, nats_url) as relay:
        await caught_up(relay, log)
    message = (await messages(nats_url))[5]

    assert message.subject == "numbering.v1.events.live.firm_1.ser_0.series-described"
    assert message.headers is not None
    assert {name: message.headers[name] for name in message.headers if name.startswith(("ce-", "content-"))} == {
        "ce-specversion": "1.0",
        "ce-id": message.headers["Nats-Msg-Id"],
        "ce-source": "/numbering/memory/logs/1",
        "ce-type": "numbering.series-described/1",
        "ce-subject": "ser_0",
        "ce-time": "2026-05-28T20:26:41Z",
        "ce-sequence": "00000000000000000006",
        "ce-partitionkey": "ser_0",
        "ce-dataschema": "urn:numbering:events:series-described:1",
        "ce-datacontenttype": "application/json",
        "content-type": "application/json",
    }
    assert decode_record(message.data).position == 6


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("ser_A-9", "ser_A-9"),
        ("a.b", "a%2Eb"),
        ("*", "%2A"),
        (">", "%3E"),
        ("a b", "a%20b"),
        ("ă", "%C4%83"),
        ("", "%"),
    ],
)
def test_nothing_in_an_id_can_break_a_subject(text: str, safe: str) -> None:
    assert token(text) == safe


async def test_nothing_beyond_the_barrier_is_published(nats_url: str) -> None:
    log = UnsureLog()
    log.durable = Position(40)
    await grow(log, 100)
    async with relaying(log, nats_url) as relay:
        await reached(relay, 40)
        for durable in (41, 90):
            log.durable = Position(durable)
            await reached(relay, durable)
            assert len(await messages(nats_url)) == durable
        assert relay.status().lag_events == 10


async def test_events_appended_between_polls_are_published_when_the_relay_is_woken(nats_url: str) -> None:
    log = MemoryLog()
    async with relaying(log, nats_url) as relay:
        await until(lambda: relay.status().state is RelayState.IDLE)
        await grow(log, 1)
        relay.wake.set()
        await caught_up(relay, log)

    await assert_stream_is_log(nats_url, log)


async def test_the_stream_is_made_so_that_it_keeps_every_event(nats_url: str) -> None:
    async with relaying(MemoryLog(), nats_url) as relay:
        await until(lambda: relay.status().state is RelayState.IDLE)
    async with stranger(nats_url) as jetstream:
        config = (await jetstream.stream_info(STREAM)).config

    assert (config.deny_delete, config.deny_purge, config.storage) == (True, True, StorageType.FILE)
    assert (config.max_msgs, config.max_bytes, config.max_age) == (-1, -1, 0)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"max_msgs": 10}, "max_msgs"),
        ({"max_age": 60}, "max_age"),
        ({"subjects": [SUBJECTS, "somebody.else"]}, "subjects"),
        ({"deny_purge": False}, "deny_purge"),
        ({"storage": StorageType.MEMORY}, "storage"),
    ],
)
async def test_a_stream_that_could_lose_events_is_reported_and_left_alone(
    nats_url: str, change: dict[str, Any], word: str
) -> None:
    log = MemoryLog()
    await grow(log, 3)
    safe = StreamConfig(name=STREAM, subjects=[SUBJECTS], deny_delete=True, deny_purge=True)
    async with stranger(nats_url) as jetstream:
        made = (await make_stream(jetstream, replace(safe, **change))).config
        async with relaying(log, nats_url) as relay:
            await until(lambda: relay.status().state is RelayState.FAULTED)
            status = relay.status()
        info = await jetstream.stream_info(STREAM)

    assert status.fault_code == "stream-unsafe"
    assert word in (status.fault or "")
    assert (info.config, info.state.messages) == (made, 0)
