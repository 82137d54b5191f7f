"""Two relays at once: each event once, and neither stands in the other's way."""

import asyncio

from service.log.memory_log import MemoryLog
from service.nats.relay.relay import Relay
from service.nats.relay.status import RelayState
from tests.support.nats.relays import assert_stream_is_log, caught_up, grow, relaying
from tests.support.servers.cut_proxy import CutProxy
from tests.support.waiting import until

EVENTS_MAX = 30
"""Each is lost by one or the other; that neither loses two in a row becomes as good as impossible."""


async def test_two_relays_publish_nothing_twice(nats_url: str) -> None:
    log = MemoryLog()
    await grow(log, 3000)
    async with relaying(log, nats_url) as one, relaying(log, nats_url) as other:
        for _ in range(20):
            await grow(log, 150)
            one.wake.set()
            other.wake.set()
            await asyncio.sleep(0)
        await both_see_the_end(one, other, log)

    await assert_stream_is_log(nats_url, log)


async def test_of_two_relays_one_stands_by(nats_url: str) -> None:
    log = MemoryLog()
    async with relaying(log, nats_url) as one, relaying(log, nats_url) as other:
        await until(lambda: states(one, other) == {RelayState.IDLE})
        await one_stands_by(one, other, log)
        assert states(one, other) != {RelayState.STANDBY}

    await assert_stream_is_log(nats_url, log)


async def test_the_one_that_stands_by_takes_over(nats_url: str) -> None:
    log = MemoryLog()
    async with (
        CutProxy.before(nats_url) as path_of_one,
        CutProxy.before(nats_url) as path_of_other,
        relaying(log, path_of_one.url) as one,
        relaying(log, path_of_other.url) as other,
    ):
        await one_stands_by(one, other, log)
        is_other = other.status().state is RelayState.STANDBY
        standing_by, path_of_active = (other, path_of_one) if is_other else (one, path_of_other)
        path_of_active.mute()
        await grow(log, 100)
        await caught_up(standing_by, log)

    await assert_stream_is_log(nats_url, log)


def states(one: Relay, other: Relay) -> set[RelayState]:
    """What they are doing."""
    return {one.status().state, other.status().state}


async def one_stands_by(one: Relay, other: Relay, log: MemoryLog) -> None:
    """Give them single events until one of them has been overtaken often enough."""
    for _ in range(EVENTS_MAX):
        await grow(log, 1)
        one.wake.set()
        other.wake.set()
        await both_see_the_end(one, other, log)
        if RelayState.STANDBY in states(one, other):
            return
    raise AssertionError(f"both went on publishing for {EVENTS_MAX} events")


async def both_see_the_end(one: Relay, other: Relay, log: MemoryLog) -> None:
    """Return once both relays know that everything is published."""
    await caught_up(one, log)
    await caught_up(other, log)
