"""A database that lost its tail, and what an operator does about it: `numbering adopt-tail` and `numbering resume`."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from nats.js.api import DiscardPolicy, StreamConfig
from nats.js.client import JetStreamContext

from schemas.events import ReservationConsumed
from schemas.record import Record, StoredRecord, decode_record, encode_record
from schemas.values import DEFAULT_LOG, Number, Position, Version
from service.log.event_log import LogHaltedError
from service.log.memory_log import MemoryLog
from service.nats.client.connection import NatsSettings, connected
from service.nats.relay.stream import EventStream, StreamMessage
from service.nats.relay.tail import find_fork
from tests.support.nats.disasters import Disaster, a_disaster
from tests.support.nats.relays import (
    STREAM,
    SUBJECTS,
    change_stream,
    grow,
    make_stream,
    record,
    stranger,
)
from tests.support.service.client import Api, an_api
from tests.support.service.command_line import printed

FOREIGN = "numbering.v1.events.live.firm_1.ser_1.nonsense"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the keys are, which outlive the database."""
    return tmp_path


async def next_number(api: Api, disaster: Disaster) -> int:
    """Where the counter stands."""
    found: int = (await api.ask("GET", f"/invoice-series/{disaster.series_id}", disaster.device)).data["next_number"]
    return found


def kept_messages(file: Path) -> tuple[list[dict[str, Any]], int]:
    """What was written before the stream was deleted, and who may read it."""
    return [json.loads(line) for line in file.read_text().splitlines()], file.stat().st_mode & 0o777


async def test_a_lost_tail_comes_back_from_the_stream(
    database_url: str, database_admin: asyncpg.Connection, nats_url: str, directory: Path
) -> None:
    async with a_disaster(database_url, database_admin, nats_url, directory) as disaster:
        await disaster.halted()
        refused = await disaster.command("resume")
        adopted = await disaster.command("adopt-tail")
        told: dict[str, Any] = printed(adopted)
        await disaster.relayed()
        async with an_api(disaster.old_url, directory) as api:
            assert await next_number(api, disaster) == 9
            used = await api.issue(disaster.device, reservation_token=disaster.token)

    assert refused.exit_code == 1
    assert "adopt-tail" in refused.stderr
    assert (told["adopted"], told["bodies_lost"], told["answers_lost"], told["messages_lost"]) == (2, 1, 1, 0)
    assert adopted.stderr.count("LOST") == 2
    assert (used.status, used.data["number_idx"]) == (201, 8)


async def test_a_log_that_went_on_without_its_tail_is_resumed_only_by_naming_the_loss(
    database_url: str, database_admin: asyncpg.Connection, nats_url: str, directory: Path
) -> None:
    async with a_disaster(database_url, database_admin, nats_url, directory) as disaster:
        async with an_api(disaster.old_url, directory) as api:
            await api.post(f"/invoice-series/{disaster.series_id}/reserve-numbers", {"count": 7}, disaster.device)
        await disaster.halted()
        refused = await disaster.command("adopt-tail")
        told: dict[str, Any] = printed(await disaster.command("adopt-tail", "--accept-loss"))
        await disaster.relayed()

    lost, mode = await asyncio.to_thread(kept_messages, Path(told["messages_kept_in"]))
    assert refused.exit_code == 1
    assert "--accept-loss" in refused.stderr
    assert (told["adopted"], told["messages_lost"]) == (0, 2)
    assert [json.loads(each["body"])["position"] for each in lost] == [each["sequence"] for each in lost]
    assert mode == 0o600


async def test_what_can_be_adopted_before_a_strange_message_is_adopted_with_the_loss(
    database_url: str, database_admin: asyncpg.Connection, nats_url: str, directory: Path
) -> None:
    async with a_disaster(database_url, database_admin, nats_url, directory) as disaster:
        async with stranger(nats_url) as jetstream:
            await jetstream.publish(FOREIGN, b"{}")
        await disaster.halted()
        refused = await disaster.command("adopt-tail")
        told: dict[str, Any] = printed(await disaster.command("adopt-tail", "--accept-loss"))
        await disaster.relayed()

    assert refused.exit_code == 1
    assert FOREIGN in refused.stderr
    assert (told["adopted"], told["messages_lost"]) == (2, 1)


def again(last: Record) -> Record:
    """The same event once more."""
    return msgspec.structs.replace(last, position=Position(last.position + 1))


def second_number(last: Record) -> Record:
    """The next number of the block, which is pending, for the document that has just got one."""
    assert isinstance(last.event, ReservationConsumed)
    number = Number(last.event.number + 1)
    consumed = msgspec.structs.replace(last.event, number=number, full_number=str(number))
    version = Version(last.version + 1)
    return msgspec.structs.replace(again(last), version=version, previous=last.position, event=consumed)


@pytest.mark.parametrize("forged", [again, second_number])
async def test_what_is_written_like_an_event_but_does_not_follow_is_lost_with_the_loss(
    database_url: str,
    database_admin: asyncpg.Connection,
    nats_url: str,
    directory: Path,
    forged: Callable[[Record], Record],
) -> None:
    async with a_disaster(database_url, database_admin, nats_url, directory) as disaster:
        async with stranger(nats_url) as jetstream:
            end = (await jetstream.stream_info(STREAM)).state.last_seq
            last = await jetstream.get_msg(STREAM, seq=end)
            assert last.data is not None
            await jetstream.publish(last.subject or "", encode_record(forged(decode_record(last.data))))
        await disaster.halted()
        refused = await disaster.command("adopt-tail")
        lossy = await disaster.command("adopt-tail", "--accept-loss")
        told: dict[str, Any] = printed(lossy)
        await disaster.relayed()

    assert refused.exit_code == 1
    assert f"message {end + 1} does not follow" in refused.stderr
    assert (told["adopted"], told["messages_lost"], told["consumers_true_up_to"]) == (2, 1, end)
    assert f"OTHER events after {end}" in " ".join(lossy.stderr.split())


@asynccontextmanager
async def a_stream_with_losses(url: str, told: list[StoredRecord]) -> AsyncGenerator[JetStreamContext]:
    """A stream that holds these records; what the block takes out is gone, and afterwards it is as a relay wants it."""
    safe = StreamConfig(name=STREAM, subjects=[SUBJECTS], discard=DiscardPolicy.NEW, deny_delete=True, deny_purge=True)
    async with stranger(url) as jetstream:
        await make_stream(jetstream, replace(safe, deny_delete=False, deny_purge=False))
        for each in told:
            await jetstream.publish(FOREIGN, each.canonical)
        yield jetstream
        await change_stream(jetstream, safe)


async def test_a_message_that_was_deleted_hides_no_fork(nats_url: str) -> None:
    log = MemoryLog()
    await grow(log, 8)
    told = [record(Position(number), "first" if number <= 4 else "other") for number in range(1, 9)]
    async with a_stream_with_losses(nats_url, told) as jetstream:
        # The second place that halving looks at.
        await jetstream.delete_msg(STREAM, 6)
    async with connected(NatsSettings(url=nats_url), "test") as client:
        fork = await find_fork(EventStream(client, DEFAULT_LOG), log)

    assert (fork.common, fork.head, fork.end) == (4, 8, 8)


class CountingStream(EventStream):
    """A stream that counts the messages it was asked for."""

    asked = 0

    async def stored_at(self, position: Position) -> StreamMessage | None:
        """As any stream."""
        self.asked += 1
        return await super().stored_at(position)


@pytest.mark.parametrize(("purged", "common"), [(95, 110), (115, 115), (125, 120), (130, 120)])
async def test_what_was_purged_is_not_looked_up_one_by_one(nats_url: str, purged: int, common: int) -> None:
    log = MemoryLog()
    await grow(log, 120)
    told = [record(Position(number), "first" if number <= 110 else "other") for number in range(1, 131)]
    async with a_stream_with_losses(nats_url, told) as jetstream:
        await jetstream.purge_stream(STREAM, seq=purged + 1)
    async with connected(NatsSettings(url=nats_url), "test") as client:
        stream = CountingStream(client, DEFAULT_LOG)
        fork = await find_fork(stream, log)

    assert (fork.common, fork.head, fork.end) == (common, 120, 130)
    assert stream.asked <= 10


async def test_resume_lifts_a_halt_once_both_ends_agree(
    database_url: str, database_admin: asyncpg.Connection, nats_url: str, directory: Path
) -> None:
    async with a_disaster(database_url, database_admin, nats_url, directory) as disaster:
        printed(await disaster.command("adopt-tail"))
        again = await disaster.command("adopt-tail")
        async with disaster.log() as log:
            await log.halt("by hand")
            with pytest.raises(LogHaltedError):
                async with log.hold():
                    pass
            told: dict[str, Any] = printed(await disaster.command("resume"))
            assert await log.halted() is None
            assert await log.head() == Position(told["position"])

    assert again.exit_code == 1
    assert "numbering resume" in again.stderr
    assert (told["resumed"], told["was_halted_because"]) == (True, "by hand")
