"""A stream that takes no more events, by an operator's own limit."""

from dataclasses import replace

from nats.js.api import DiscardPolicy, StreamConfig

from service.log.memory_log import MemoryLog
from service.nats.relay.status import RelayState
from tests.support.nats.relays import (
    STREAM,
    SUBJECTS,
    assert_stream_is_log,
    caught_up,
    change_stream,
    grow,
    make_stream,
    relaying,
    stranger,
)
from tests.support.waiting import until


async def test_a_full_stream_is_said_to_be_full_and_filled_once_it_has_room(nats_url: str) -> None:
    log, states = MemoryLog(), set[RelayState]()
    await grow(log, 100)
    full = StreamConfig(
        name=STREAM, subjects=[SUBJECTS], discard=DiscardPolicy.NEW, deny_delete=True, deny_purge=True, max_bytes=50_000
    )
    async with stranger(nats_url) as jetstream:
        await make_stream(jetstream, full)
        async with relaying(log, nats_url) as relay:

            def is_refused() -> bool:
                states.add(relay.status().state)
                return relay.status().fault_code == "stream-refused"

            await until(is_refused)
            assert "10077" in (relay.status().fault or "")
            assert RelayState.STANDBY not in states
            assert 0 < (relay.status().published or 0) < 100
            await change_stream(jetstream, replace(full, max_bytes=-1))
            await caught_up(relay, log)

    await assert_stream_is_log(nats_url, log)
