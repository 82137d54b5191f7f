"""Every event is a CloudEvent to the letter (CONTRACT.md section 11.4): SDKs decode it, and no other has its id."""

import asyncio
import json
import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from nats.aio.msg import Msg

from schemas.record import Record, encode_record, event_tag
from schemas.values import Position
from service.log.event_log import EventLog
from service.log.memory_log import MemoryLog
from service.log.migrating.migrate import migrate
from service.log.postgres_log import PostgresLog
from service.nats.relay.cloud_event import CloudEvents, message_id, source_of
from tests.support.domain.batches import a_batch, a_working_day
from tests.support.domain.golden import every_event
from tests.support.nats.examples import installed
from tests.support.nats.relays import A_PROVER, STREAM, caught_up, grow, messages, relaying
from tests.support.servers.databases import database, with_database

DECODER = Path(__file__).parent / "javascript"
DECODER_SECONDS = 60


async def published(url: str) -> tuple[list[Record], list[Msg]]:
    """A history in which every event type happens, and its messages as a stranger gets them."""
    log, records = MemoryLog(), every_event()
    await log.append(Position(0), a_batch(records))
    async with relaying(log, url) as relay:
        await caught_up(relay, log)
    return records, await messages(url)


def assert_is_the_event(event: Mapping[str, Any], data: Any, record: Record) -> None:
    """What an SDK made of a message is the event, attribute by attribute."""
    tag = event_tag(record.event)
    assert event["specversion"] == "1.0"
    assert event["type"] == f"numbering.{tag}"
    assert event["source"] == "/numbering/memory/logs/1"
    assert event["id"].startswith(f"{record.position}-")
    assert (event["subject"], event["partitionkey"]) == (record.stream, record.stream)
    assert event["sequence"] == f"{record.position:020}"
    assert event["datacontenttype"] == "application/json"
    assert event["dataschema"].startswith("urn:numbering:events:")
    assert data == json.loads(encode_record(record))


@pytest.mark.parametrize("is_without_content_type", [False, True], ids=["as sent", "by the binding's headers alone"])
async def test_the_official_python_sdk_decodes_every_event(nats_url: str, *, is_without_content_type: bool) -> None:
    """Version 1.0.3-wip of the binding has `ce-datacontenttype`; what it does not name is left out in one case."""
    for record, message in zip(*await published(nats_url), strict=True):
        headers = {name: value for name, value in (message.headers or {}).items() if name.startswith("ce-")}
        if not is_without_content_type:
            headers = dict(message.headers or {})
        event = from_binary(HTTPMessage(headers, message.data), JSONFormat())
        assert_is_the_event(event.get_attributes(), event.get_data(), record)


async def test_the_official_javascript_sdk_decodes_every_event(nats_url: str, data_dir: Path) -> None:
    records, _ = await published(nats_url)
    place = await asyncio.to_thread(installed, DECODER, data_dir)
    command = ["node", "decode.js", nats_url, STREAM, str(len(records))]
    ended = await asyncio.to_thread(
        subprocess.run, command, cwd=place, capture_output=True, text=True, timeout=DECODER_SECONDS, check=False
    )
    assert ended.returncode == 0, ended.stderr
    for event, record in zip(json.loads(ended.stdout), records, strict=True):
        assert_is_the_event(event, event["data"], record)


async def pairs(log: EventLog) -> dict[tuple[str, str], bytes]:
    """The bytes of each event of the log by source and id, as its relay sends them."""
    source = source_of(await log.identity(), log.log_id)
    outlines = await log.read_outlines(Position(0), 1_000)
    maker = CloudEvents(source, A_PROVER)
    for each in outlines:
        own_id = message_id(each)
        sent = maker.message_of(each, own_id, None, "")
        assert f"ce-source: {source}\r\n".encode() in sent
        assert f"ce-id: {own_id}\r\n".encode() in sent
    return {(source, message_id(each)): each.canonical for each in outlines}


async def test_two_installations_never_send_one_source_and_id(
    database_url: str, database_admin: asyncpg.Connection
) -> None:
    """Not even for the very same events: each first migration makes an id of its own."""
    day = a_working_day()
    found: list[dict[tuple[str, str], bytes]] = []
    for _ in range(2):
        name = f"installation_{secrets.token_hex(4)}"
        async with database(database_admin, name, "template0"):
            url = with_database(database_url, name)
            await migrate(url)
            log = await PostgresLog.open(url)
            try:
                await log.append(Position(0), a_batch(day.records))
                found.append(await pairs(log))
            finally:
                await log.close()
    first, second = found
    assert len(first) == len(second) == len(day.records)
    assert first.keys().isdisjoint(second.keys())


async def test_an_event_that_takes_a_lost_one_s_place_has_another_id() -> None:
    first, second = MemoryLog(), MemoryLog()
    await grow(first, 10)
    await grow(second, 5)
    await grow(second, 8, story="other")
    one, other = await pairs(first), await pairs(second)
    assert all(one[pair] == other[pair] for pair in one.keys() & other.keys())
    assert len(one.keys() & other.keys()) == 5
