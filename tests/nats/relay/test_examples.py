"""The example consumers: complete, and still right after everything has been killed once."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from schemas.values import DEFAULT_LOG, Position
from service.embedded import EmbeddedNats
from service.log.event_log import Batch
from service.log.memory_log import MemoryLog
from service.nats.client.connection import NatsSettings, connected
from service.nats.relay.relay import Relay
from service.nats.relay.stream import EventStream
from tests.support.nats.examples import Follower, GapCount, Program
from tests.support.nats.relays import caught_up, grow, relaying
from tests.support.service.client import Api
from tests.support.waiting import until

RELAY_SECONDS = 30.0


@pytest_asyncio.fixture
async def relay(api: Api, server: EmbeddedNats) -> AsyncIterator[Relay]:
    """The relay of the service's log."""
    async with relaying(api.dependencies.log, server.url) as running:
        yield running


@pytest.fixture
def programs() -> Iterator[Callable[[Program], None]]:
    """Starts a program, which is killed after the test."""
    with ExitStack() as stack:

        def start(program: Program) -> None:
            program.start()
            stack.callback(program.kill)

        yield start


async def holds(condition: Callable[[], bool]) -> None:
    """Return once the condition holds."""
    await until(lambda: asyncio.to_thread(condition), seconds_max=RELAY_SECONDS)


async def some_work(api: Api, series_id: str) -> None:
    """Five numbers reserved, one used and voided, one used, two given up."""
    tokens = await api.tokens(series_id, 5)
    voided = await api.issue(api.firm.device_a, reservation_token=tokens[0])
    await api.post(f"/invoices/{voided.data['id']}/void")
    await api.issue(api.firm.device_a, reservation_token=tokens[1])
    for token in tokens[2:4]:
        await api.post(f"/invoice-series/reservations/{token}/release", credential=api.firm.device_a)


async def gaps(api: Api, series_id: str) -> int:
    """The gaps that the service reports."""
    report = (await api.get(f"/invoice-series/{series_id}/gaps")).data
    return sum(gap["count"] for gap in report["data"])


async def test_the_python_consumer_takes_every_event_in_once_whatever_is_killed(
    api: Api, relay: Relay, server: EmbeddedNats, data_dir: Path, programs: Callable[[Program], None]
) -> None:
    series_id = await api.a_locked_series()
    follower = Follower(server.url, data_dir)
    programs(follower)

    async def has_all() -> None:
        head = await api.dependencies.log.head()
        await holds(lambda: follower.sequence() == head)
        assert follower.events() == head

    await some_work(api, series_id)
    await has_all()
    follower.kill()
    await some_work(api, series_id)
    follower.start()
    await has_all()
    server.kill()
    await some_work(api, series_id)
    server.start()
    await has_all()
    server.kill()
    shutil.rmtree(data_dir / "nats" / "store")
    await some_work(api, series_id)
    server.start()
    await has_all()

    found = await asyncio.to_thread(follower.documents)
    assert sorted(found.values()) == ["standing"] * 4 + ["voided"] * 4
    assert relay.status().fault is None


async def test_the_javascript_consumer_keeps_a_true_gap_count_whatever_is_killed(
    api: Api, relay: Relay, server: EmbeddedNats, data_dir: Path, programs: Callable[[Program], None]
) -> None:
    series_id = await api.a_locked_series()
    counting = await asyncio.to_thread(GapCount, server.url, data_dir)
    programs(counting)

    async def is_right() -> None:
        wanted = {"FACT": await gaps(api, series_id)}
        await holds(lambda: counting.latest() == wanted)

    await some_work(api, series_id)
    await is_right()
    server.kill()
    await some_work(api, series_id)
    server.start()
    await is_right()
    counting.kill()
    await some_work(api, series_id)
    counting.start()
    await is_right()
    server.kill()
    shutil.rmtree(data_dir / "nats" / "store")
    await some_work(api, series_id)
    server.start()
    await is_right()

    assert await gaps(api, series_id) == 8
    assert relay.status().fault is None


async def test_two_copies_of_the_python_consumer_follow_under_two_names(
    server: EmbeddedNats, data_dir: Path, programs: Callable[[Program], None]
) -> None:
    log = MemoryLog()
    copies: list[Follower] = []
    for name in ("one", "two"):
        (data_dir / name).mkdir()
        copies.append(Follower(server.url, data_dir / name, durable=name))
        programs(copies[-1])
    async with relaying(log, server.url):
        for head in (10, 20):
            await grow(log, 10)
            for copy in copies:
                await holds(partial(has_stored, copy, head))


def has_stored(follower: Follower, sequence: int) -> bool:
    """Whether it is there."""
    return follower.sequence() == sequence


async def rewrite(url: str, log: MemoryLog) -> None:
    """Have the stream made anew with these events, as an operator does with `adopt-tail --accept-loss`."""
    async with connected(NatsSettings(url=url), "test") as client:
        await EventStream(client, DEFAULT_LOG).delete()
    async with relaying(log, url) as relay:
        await caught_up(relay, log)


async def two_stories() -> tuple[MemoryLog, MemoryLog]:
    """Two logs that are the same up to the fifth event."""
    first, second = MemoryLog(), MemoryLog()
    await grow(first, 10)
    await grow(second, 5)
    await grow(second, 8, story="other")
    return first, second


async def a_follower_of_the_first_story(
    server: EmbeddedNats, data_dir: Path, programs: Callable[[Program], None]
) -> tuple[MemoryLog, Follower]:
    """The second story, and a consumer that has followed the first one to its end."""
    first, second = await two_stories()
    follower = Follower(server.url, data_dir)
    programs(follower)
    async with relaying(first, server.url):
        await holds(lambda: follower.sequence() == 10)
    return second, follower


@pytest.mark.parametrize("is_stopped", [False, True], ids=["running", "stopped"])
async def test_the_python_consumer_notices_that_the_stream_was_made_anew(
    server: EmbeddedNats, data_dir: Path, programs: Callable[[Program], None], *, is_stopped: bool
) -> None:
    second, follower = await a_follower_of_the_first_story(server, data_dir, programs)
    if is_stopped:
        follower.kill()
    await rewrite(server.url, second)
    if is_stopped:
        follower.start()
    await holds(follower.has_ended)

    assert "message 10-" in follower.last_words()
    assert "start again" in follower.last_words()


async def test_the_python_consumer_started_again_on_another_stream_notices_it_again(
    server: EmbeddedNats, data_dir: Path, programs: Callable[[Program], None]
) -> None:
    second, follower = await a_follower_of_the_first_story(server, data_dir, programs)
    follower.kill()
    shorter = MemoryLog()
    await shorter.append(Position(0), Batch(await second.read(Position(0), 10)))
    await rewrite(server.url, shorter)
    follower.start()
    await holds(follower.has_ended)
    async with relaying(second, server.url) as relay:
        await caught_up(relay, second)
    # As a supervisor does, within the time for which the message that was refused is held back.
    programs(follower)
    await holds(follower.has_ended)

    assert "message 10-" in follower.last_words()
    assert follower.output.read_text().count("was made anew") == 2


async def test_the_javascript_consumer_notices_that_the_stream_was_made_anew(
    api: Api, server: EmbeddedNats, data_dir: Path, programs: Callable[[Program], None]
) -> None:
    series_id = await api.a_locked_series()
    counting = await asyncio.to_thread(GapCount, server.url, data_dir)
    programs(counting)
    async with relaying(api.dependencies.log, server.url):
        await some_work(api, series_id)
        wanted = {"FACT": await gaps(api, series_id)}
        await holds(lambda: counting.latest() == wanted)
    other = MemoryLog()
    await grow(other, await api.dependencies.log.head() + 3)
    await rewrite(server.url, other)
    await holds(counting.has_ended)

    assert "the stream was made anew" in counting.last_words()
