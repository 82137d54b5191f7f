"""The relay when something fails; after each fault stream and log are one again, or the log is halted."""

import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from nats.js.api import StreamConfig
from nats.js.errors import NotFoundError
from structlog.testing import capture_logs

from schemas.values import Position
from service.embedded import EmbeddedNats
from service.health import Health
from service.log.event_log import RecordOutline
from service.log.memory_log import MemoryLog
from service.nats.client.broker_faults import StreamMovedError
from service.nats.client.connection import NatsSettings, connected
from service.nats.relay import window
from service.nats.relay.relay import Relay
from service.nats.relay.status import RelayState
from service.nats.relay.window import PublishWindow
from service.readiness import relay_health
from tests.support.nats.relays import (
    A_STORY,
    STREAM,
    SUBJECTS,
    UnsureLog,
    assert_stream_is_log,
    caught_up,
    change_stream,
    grow,
    make_stream,
    messages,
    reached,
    relaying,
    stranger,
)
from tests.support.servers.cut_proxy import CutProxy
from tests.support.waiting import until

FOREIGN = "numbering.v1.events.live.firm_1.ser_1.nonsense"


async def test_a_broker_killed_while_events_are_on_their_way(server: EmbeddedNats) -> None:
    log = MemoryLog()
    async with relaying(log, server.url) as relay:
        for kill in range(3):
            await grow(log, 4000)
            relay.wake.set()
            await reached(relay, kill * 4000 + 1000)
            server.kill()
            await until(lambda: relay.status().state is RelayState.FAULTED)
            server.start()
        await caught_up(relay, log)
        await assert_stream_is_log(server.url, log)


async def test_events_wait_in_the_log_while_there_is_no_broker(server: EmbeddedNats) -> None:
    log = MemoryLog()
    await grow(log, 10)
    async with relaying(log, server.url) as relay:
        await caught_up(relay, log)
        server.kill()
        await grow(log, 20)
        await until(lambda: relay.status().fault is not None and relay.status().lag_events == 20)
        status = relay.status()
        server.start()
        await caught_up(relay, log)
        await assert_stream_is_log(server.url, log)

    assert (status.state, status.fault_code) == (RelayState.FAULTED, "broker-unavailable")
    assert (status.lag_seconds or 0) > 0


async def test_a_fault_is_said_once_however_often_it_is_met(server: EmbeddedNats) -> None:
    log = MemoryLog()
    async with CutProxy.before(server.url) as proxy:
        with capture_logs() as lines:
            async with relaying(log, proxy.url) as relay:
                await caught_up(relay, log)
                server.kill()
                tried = proxy.accepted + 5
                await until(lambda: proxy.accepted >= tried)
                server.start()
                await caught_up(relay, log)

    assert [line["event"] for line in lines] == ["relay.fault", "relay.recovered"]


async def test_a_stream_deleted_under_the_relay_is_made_and_filled_again(nats_url: str) -> None:
    log = MemoryLog()
    async with relaying(log, nats_url) as relay, stranger(nats_url) as jetstream:
        await grow(log, 300)
        await caught_up(relay, log)
        await jetstream.delete_stream(STREAM)
        await grow(log, 50)
        relay.wake.set()
        await reached(relay, 350)
        await caught_up(relay, log)

    await assert_stream_is_log(nats_url, log)


async def test_a_stream_deleted_while_nothing_happens_is_noticed(nats_url: str) -> None:
    log = MemoryLog()
    await grow(log, 300)
    async with relaying(log, nats_url) as relay, stranger(nats_url) as jetstream:
        await caught_up(relay, log)
        before = (await jetstream.stream_info(STREAM)).created
        await jetstream.delete_stream(STREAM)

        async def is_filled_anew() -> bool:
            with suppress(NotFoundError):
                found = await jetstream.stream_info(STREAM)
                return found.created != before and found.state.last_seq == log.length
            return False

        # The stream itself: the relay has not told of the loss yet when it has just made the stream.
        await until(is_filled_anew)

    await assert_stream_is_log(nats_url, log)


async def test_a_store_rolled_back_to_an_older_copy_is_filled_up_with_the_same_sequences(
    server: EmbeddedNats, data_dir: Path
) -> None:
    log, store, copy = MemoryLog(), data_dir / "nats" / "store", data_dir / "copy"
    async with relaying(log, server.url) as relay:
        await grow(log, 200)
        await caught_up(relay, log)
        server.stop()
        shutil.copytree(store, copy)
        server.start()
        await grow(log, 300)
        await caught_up(relay, log)
        server.kill()
        shutil.rmtree(store)
        copy.rename(store)
        server.start()
        await grow(log, 5)
        await until(lambda: relay.status().head == 505)
        await caught_up(relay, log)
        await assert_stream_is_log(server.url, log)


async def test_a_store_that_is_gone_is_filled_again(server: EmbeddedNats, data_dir: Path) -> None:
    log = MemoryLog()
    async with relaying(log, server.url) as relay:
        await grow(log, 200)
        await caught_up(relay, log)
        server.kill()
        shutil.rmtree(data_dir / "nats" / "store")
        await until(lambda: relay.status().state is RelayState.FAULTED)
        server.start()
        await caught_up(relay, log)
        await assert_stream_is_log(server.url, log)


async def test_a_log_that_lost_its_tail_is_halted_and_nothing_is_published(nats_url: str) -> None:
    log = UnsureLog()
    async with relaying(log, nats_url) as relay:
        await grow(log, 100)
        await caught_up(relay, log)
        log.lose_tail(Position(90))
        await is_halted(relay, log, "stream-ahead")
    seen = [message.data for message in await messages(nats_url)]
    async with relaying(log, nats_url) as relay:
        await is_halted(relay, log, "stream-ahead")

    assert [message.data for message in await messages(nats_url)] == seen


@pytest.mark.parametrize("grown", [10, 11, 500])
async def test_a_log_that_lost_its_tail_and_grew_again_is_halted(nats_url: str, grown: int) -> None:
    log = UnsureLog()
    async with relaying(log, nats_url) as relay:
        await grow(log, 100)
        await caught_up(relay, log)
        log.lose_tail(Position(90))
        await grow(log, grown, story="second")
        relay.wake.set()
        await is_halted(relay, log, "stream-differs")

    assert len(await messages(nats_url)) == 100


async def test_a_foreign_message_halts_the_log(nats_url: str) -> None:
    log = UnsureLog()
    log.durable = Position(10)
    await grow(log, 30)
    async with relaying(log, nats_url) as relay, stranger(nats_url) as jetstream:
        await reached(relay, 10)
        await jetstream.publish(FOREIGN, b"{}")
        log.durable = Position(30)
        relay.wake.set()
        await is_halted(relay, log, "stream-differs")

    assert len(await messages(nats_url)) == 11


async def test_nothing_of_a_window_is_stored_after_a_foreign_message(nats_url: str) -> None:
    log = MemoryLog()
    await grow(log, 200)
    async with relaying(MemoryLog(), nats_url) as relay:
        await until(lambda: relay.status().published == 0)
    async with (
        stranger(nats_url) as jetstream,
        connected(NatsSettings(url=nats_url), "test") as client,
        PublishWindow(client, STREAM, Position(0), A_STORY) as publishing,
    ):
        await publish_and_settle(publishing, await log.read_outlines(Position(0), 100))
        await jetstream.publish(FOREIGN, b"{}")
        with pytest.raises(StreamMovedError):
            await publish_and_settle(publishing, await log.read_outlines(Position(100), 100))

    assert [message.subject == FOREIGN for message in await messages(nats_url)] == [False] * 100 + [True]


async def publish_and_settle(publishing: PublishWindow, records: list[RecordOutline]) -> None:
    """Publish and wait for the answers."""
    await publishing.publish(records)
    await publishing.settle()


async def test_a_foreign_message_in_an_idle_stream_is_noticed(nats_url: str) -> None:
    log = MemoryLog()
    async with relaying(log, nats_url) as relay, stranger(nats_url) as jetstream:
        await grow(log, 10)
        await caught_up(relay, log)
        await jetstream.publish(FOREIGN, b"{}")
        await is_halted(relay, log, "stream-ahead")


async def test_a_halt_lifted_without_a_repair_does_not_last(nats_url: str) -> None:
    log = UnsureLog()
    async with relaying(log, nats_url) as relay:
        await grow(log, 100)
        await caught_up(relay, log)
        log.lose_tail(Position(90))
        await is_halted(relay, log, "stream-ahead")
        log.resume()
        await until(lambda: log.is_halted)


async def test_an_acknowledgement_lost_with_its_connection_doubles_nothing(server: EmbeddedNats) -> None:
    log = MemoryLog()
    async with CutProxy.before(server.url) as proxy, relaying(log, proxy.url) as relay:
        await grow(log, 100)
        await caught_up(relay, log)
        for _ in range(5):
            # An idle relay asks after the stream now and then; muted at such a time, that answer is lost as well.
            proxy.mute()
            await grow(log, 300)
            relay.wake.set()
            await proxy.swallowed.wait()
            proxy.cut()
            await caught_up(relay, log)
        await assert_stream_is_log(server.url, log)


async def test_a_broker_that_reads_no_more_is_given_up(server: EmbeddedNats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "ACK_SECONDS", 0.3)
    log = MemoryLog()
    async with CutProxy.before(server.url) as proxy, relaying(log, proxy.url) as relay:
        await grow(log, 5)
        await caught_up(relay, log)
        proxy.stall()
        await grow(log, 12_000)
        relay.wake.set()
        await until(lambda: relay.status().fault_code == "broker-unavailable")
        proxy.cut()
        await caught_up(relay, log)
        await assert_stream_is_log(server.url, log)


async def test_a_purged_stream_goes_on_at_the_right_sequence_and_is_reported(nats_url: str) -> None:
    log = MemoryLog()
    async with stranger(nats_url) as jetstream:
        async with relaying(log, nats_url) as relay:
            await grow(log, 10)
            await caught_up(relay, log)
        await jetstream.delete_stream(STREAM)
        open_config = StreamConfig(name=STREAM, subjects=[SUBJECTS], deny_delete=True)
        await make_stream(jetstream, open_config)
        for sequence in range(10):
            await jetstream.publish(SUBJECTS.replace(">", "old"), str(sequence).encode())
        await jetstream.purge_stream(STREAM)
        await change_stream(jetstream, replace(open_config, deny_purge=True))
        await grow(log, 5)
        async with relaying(log, nats_url) as relay:
            await caught_up(relay, log)
            assert relay.status().is_gapped
            assert relay_health(relay) is Health.DEGRADED

    received = await messages(nats_url)
    assert [message.metadata.sequence.stream for message in received] == [11, 12, 13, 14, 15]
    assert [message.data for message in received] == [stored.canonical for stored in await log.read(Position(10), 5)]


async def is_halted(relay: Relay, log: MemoryLog, code: str) -> None:
    """Return once the relay has halted the log, for this reason, and says so."""
    await until(lambda: relay.status().state is RelayState.HALTED, "the relay's halt")
    assert relay.status().fault_code == code
    assert await log.halted() == relay.status().fault


async def test_a_store_moved_forward_halts_the_log_and_stays_as_it_is(server: EmbeddedNats, data_dir: Path) -> None:
    log, store, later = UnsureLog(), data_dir / "nats" / "store", data_dir / "later"
    async with relaying(log, server.url) as relay:
        await grow(log, 300)
        await caught_up(relay, log)
    server.stop()
    shutil.copytree(store, later)
    shutil.rmtree(store)
    log.lose_tail(Position(200))
    server.start()
    async with relaying(log, server.url) as relay:
        await caught_up(relay, log)
        server.kill()
        shutil.rmtree(store)
        later.rename(store)
        server.start()
        await is_halted(relay, log, "stream-ahead")

    assert len(await messages(server.url)) == 300
