"""The relay on a cluster of three servers that all keep the stream: each may fail, and any two of them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from nats.js import JetStreamContext
from nats.js.api import Header
from nats.js.errors import APIError
from structlog.testing import capture_logs

from schemas.values import DEFAULT_LOG, Position
from service.log.memory_log import MemoryLog
from service.nats.client.broker_faults import (
    CLUSTER_NOT_AVAILABLE,
    WRONG_LAST_SEQUENCE,
    WRONG_LAST_SEQUENCE_REPLICATED,
    BrokerUnavailableError,
    StreamMovedError,
    StreamRefusedError,
)
from service.nats.client.connection import NatsSettings, connected
from service.nats.relay.relay import Relay, RelayPace
from service.nats.relay.status import RelayState
from service.nats.relay.stream import DUPLICATE_WINDOW_SECONDS, EventStream
from service.nats.relay.tail import find_fork
from service.nats.relay.window import PublishWindow
from tests.support.nats.cluster import DEADLINE_SECONDS, Cluster, Node, cluster_of_three
from tests.support.nats.relays import (
    A_STORY,
    HURRIED,
    STREAM,
    UnsureLog,
    assert_stream_is_log,
    caught_up,
    grow,
    messages,
    reached,
    relaying,
    stranger,
)
from tests.support.servers.directories import server_directory
from tests.support.tasks import running_beside
from tests.support.waiting import until

LAST_ID = "Nats-Expected-Last-Msg-Id"
FOREIGN = "numbering.v1.events.live.firm_1.ser_1.nonsense"
# Compares at its start and after faults only, so that one window lasts as long as its connection.
STEADY = RelayPace(poll=0.01, rest=0.001, compare=3600.0, standby=0.1, retry=0.01, retry_max=0.1)


@pytest_asyncio.fixture(scope="module")
async def shared_cluster() -> AsyncIterator[Cluster]:
    """The three servers of all tests here: their first election is not waited for each time."""
    with server_directory() as directory:
        async with cluster_of_three(directory) as cluster:
            yield cluster


@pytest_asyncio.fixture
async def cluster(shared_cluster: Cluster) -> AsyncIterator[Cluster]:
    """All three up, and no stream."""
    yield shared_cluster
    shared_cluster.start()
    await shared_cluster.settled()
    async with stranger(shared_cluster.nodes[0].url) as jetstream:
        await jetstream.delete_stream(STREAM)


async def test_three_servers_keep_every_event(cluster: Cluster) -> None:
    log = MemoryLog()
    await grow(log, 2000)
    async with relaying(log, cluster.urls, replicas=3) as relay:
        await caught_up(relay, log)
        for _ in range(20):
            await grow(log, 50)
            relay.wake.set()
            await reached(relay, await log.head())
        await caught_up(relay, log)

    await assert_all_copies_are_the_log(cluster, log)
    # A server that was restarted could not tell, and would refuse what the others store.
    assert [found for found in await messages(cluster.nodes[0].url) if LAST_ID in (found.headers or {})] == []


async def test_a_leader_killed_under_load_costs_no_event(cluster: Cluster) -> None:
    log = MemoryLog()
    async with relaying(log, cluster.urls, replicas=3) as relay, running_beside(load(log, relay)):
        await reached(relay, 1000)
        leader = await cluster.leader_of(STREAM)
        leader.kill()
        await until(lambda: relay.status().state is RelayState.FAULTED, "noticing", seconds_max=DEADLINE_SECONDS)
        await beyond(relay, await log.head())
        leader.start()
        await cluster.settled()
        await beyond(relay, await log.head())
    async with relaying(log, cluster.urls) as relay:
        await caught_up(relay, log, seconds_max=DEADLINE_SECONDS)

    await assert_all_copies_are_the_log(cluster, log)


async def test_a_copy_that_was_away_for_longer_than_the_duplicate_window_goes_on(cluster: Cluster) -> None:
    log = MemoryLog()
    leader, follower = await a_leader_and_a_follower(cluster)
    async with relaying(log, leader.url, STEADY) as relay:
        await grow(log, 100)
        await caught_up(relay, log)
        await cluster.copies_agree(STREAM, 100)
        follower.kill()
        await grow(log, 100)
        await caught_up(relay, log)
        stored_at = datetime.now(UTC)

        window = timedelta(seconds=DUPLICATE_WINDOW_SECONDS)
        await until(lambda: datetime.now(UTC) - stored_at > window)
        follower.start()
        await cluster.settled()
        await grow(log, 100)
        await caught_up(relay, log)

    await assert_all_copies_are_the_log(cluster, log)


async def test_two_relays_and_a_rival_publish_nothing_twice(cluster: Cluster) -> None:
    log, refused = MemoryLog(), list[StreamMovedError]()
    await grow(log, 1000)
    # Led by somebody from the start: until then every relay is refused, and says so.
    await a_leader_and_a_follower(cluster)
    with capture_logs() as lines:
        async with (
            asyncio.timeout(DEADLINE_SECONDS),
            relaying(log, cluster.urls) as one,
            relaying(log, cluster.urls) as other,
            running_beside(rival(cluster, log, refused)),
        ):
            has_loser = False
            while not has_loser or await log.head() < 4000:
                await grow(log, 100)
                one.wake.set()
                other.wake.set()
                await caught_up(one, log)
                # A relay stands by only after it was refused.
                has_loser |= bool(refused) or RelayState.STANDBY in {one.status().state, other.status().state}
            await caught_up(other, log)

    await assert_all_copies_are_the_log(cluster, log)
    assert [line for line in lines if line["event"] == "relay.fault"] == []


async def test_a_wrong_sequence_is_refused_under_a_number_we_know(cluster: Cluster) -> None:
    log = MemoryLog()
    await grow(log, 10)
    async with relaying(log, cluster.urls, replicas=3) as relay, stranger(cluster.nodes[0].url) as jetstream:
        await caught_up(relay, log)
        codes = {await refusal(jetstream, wrong) for wrong in (0, 5, 9, 11, 1000)}

    assert codes <= {WRONG_LAST_SEQUENCE, WRONG_LAST_SEQUENCE_REPLICATED}
    await assert_all_copies_are_the_log(cluster, log)


async def test_the_relay_waits_for_a_majority_and_catches_up(cluster: Cluster) -> None:
    log = MemoryLog()
    async with relaying(log, cluster.urls, replicas=3) as relay:
        await grow(log, 500)
        await caught_up(relay, log)
        leader, follower = await a_leader_and_a_follower(cluster)
        leader.kill()
        follower.kill()
        await grow(log, 500)
        relay.wake.set()
        await until(lambda: relay.status().lag_events == 500 and relay.status().fault is not None)
        await grow(log, 500)
        cluster.start()
        await caught_up(relay, log, seconds_max=DEADLINE_SECONDS)

    await cluster.settled()
    await assert_all_copies_are_the_log(cluster, log)


async def test_a_server_that_is_cut_off_is_left_for_another(cluster: Cluster) -> None:
    log = MemoryLog()
    await grow(log, 100)
    await a_leader_and_a_follower(cluster)
    await is_sent_on_by(cluster.cut_off)
    # A relay begins with any of them: most likely with one that sends it on.
    urls = [cluster.cut_off.url] * 5 + [cluster.nodes[0].url]
    async with relaying(log, ",".join(urls)) as relay:
        await caught_up(relay, log, seconds_max=DEADLINE_SECONDS)

    await assert_all_copies_are_the_log(cluster, log)


async def test_a_foreign_message_that_lets_the_next_events_in_halts_the_log(cluster: Cluster) -> None:
    log = UnsureLog()
    log.durable = Position(10)
    await grow(log, 100)
    async with relaying(log, cluster.urls, STEADY, replicas=3) as relay, stranger(cluster.nodes[0].url) as jetstream:
        await reached(relay, 10)
        await jetstream.publish(FOREIGN, b"{}")
        log.durable = None
        relay.wake.set()
        await until(lambda: relay.status().fault_code == "stream-differs", "the relay's halt")
    log.resume()
    async with relaying(log, cluster.urls, STEADY) as relay:
        await until(lambda: log.is_halted, "the halt by a relay that did not see it happen")
    async with connected(NatsSettings(url=cluster.urls), "operator") as client:
        fork = await find_fork(EventStream(client, DEFAULT_LOG), log)
    assert (fork.common, fork.is_agreed, fork.is_tail_lost) == (10, False, False)

    received = await messages(cluster.nodes[0].url)
    assert [message.subject == FOREIGN for message in received[:11]] == [False] * 10 + [True]


async def load(log: MemoryLog, relay: Relay) -> None:
    """Events, all the time."""
    while True:
        await grow(log, 5)
        relay.wake.set()
        await asyncio.sleep(HURRIED.poll)


async def rival(cluster: Cluster, log: MemoryLog, refused: list[StreamMovedError]) -> None:
    """Publish where the stream ends, all the time, as a relay would that knows nothing of standing by."""
    async with connected(NatsSettings(url=cluster.urls), "rival") as client:
        stream = EventStream(client, DEFAULT_LOG, replicas=3)
        while True:
            end = (await stream.end()).last
            records = await log.read_outlines(end, 100)
            try:
                async with PublishWindow(client, STREAM, end, A_STORY, is_replicated=True) as window:
                    await window.publish(records)
                    await window.settle()
            except StreamMovedError as error:
                refused.append(error)
            await asyncio.sleep(HURRIED.poll)


async def refusal(jetstream: JetStreamContext, last: int) -> int | None:
    """The err_code of what is published as if the stream ended at `last`; none if it is stored."""
    try:
        await jetstream.publish(FOREIGN, b"{}", headers={Header.EXPECTED_LAST_SEQUENCE: str(last)})
    except APIError as error:
        return error.err_code
    return None


async def beyond(relay: Relay, position: int) -> None:
    """Return once an event after `position` is published."""
    await until(lambda: (relay.status().published or 0) > position, "going on", seconds_max=DEADLINE_SECONDS)


async def a_leader_and_a_follower(cluster: Cluster) -> tuple[Node, Node]:
    """The node that leads the stream, which is made if there is none, and one that does not."""
    async with connected(NatsSettings(url=cluster.urls), "test") as client:
        await EventStream(client, DEFAULT_LOG, replicas=3).end()
    leader = await cluster.leader_of(STREAM)
    return leader, next(node for node in cluster.nodes if node is not leader)


async def is_sent_on_by(lone: Node) -> None:
    """Return once a server without a majority has said so, and been taken as a reason to try another."""

    async def is_sent_on() -> bool:
        try:
            async with connected(NatsSettings(url=lone.url), "test") as client:
                await EventStream(client, DEFAULT_LOG).end()
        except BrokerUnavailableError as error:
            return str(CLUSTER_NOT_AVAILABLE) in str(error)
        except StreamRefusedError:
            return False  # JetStream is not there yet
        return False

    await until(is_sent_on, f"{CLUSTER_NOT_AVAILABLE} from {lone.name}", seconds_max=DEADLINE_SECONDS)


async def assert_all_copies_are_the_log(cluster: Cluster, log: MemoryLog) -> None:
    """Every server's own copy holds every event, and the stream is the log byte for byte."""
    await cluster.copies_agree(STREAM, await log.head())
    await assert_stream_is_log(cluster.nodes[0].url, log)
