"""The example consumers: complete, and still right after everything has been killed once."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from service.embedded import EmbeddedNats
from service.nats.relay import Relay
from tests.support.client import Api
from tests.support.examples import Follower, GapCount, Program
from tests.support.relays import relaying
from tests.support.waiting import until

RELAY_SECONDS = 30.0


@pytest_asyncio.fixture
async def relay(api: Api, server: EmbeddedNats) -> AsyncIterator[Relay]:
    """The relay of the service's log."""
    async with relaying(api.parts.log, server.url) as running:
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
        head = await api.parts.log.head()
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
