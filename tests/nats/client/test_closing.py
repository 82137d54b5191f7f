# pyright: reportPrivateUsage=false, reportUnknownMemberType=false
"""Whatever closing, cancelling or draining a connection raises ends no job and no process; a cancellation passes."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop
from nats.aio.transport import TcpTransport

from service.embedded import EmbeddedNats
from service.log.memory_log import MemoryLog
from service.nats.client.broker_faults import BrokerUnavailableError
from service.nats.client.closing import closed
from service.nats.client.connection import NatsSettings, connected
from service.nats.client.pipelined import PipelinedClient
from service.nats.relay.relay import Relay, RelayPace
from service.nats.relay.window import PublishWindow
from service.nats.requests.replying import send_reply
from tests.support.domain.commands import NOW
from tests.support.nats.relays import A_PROVER, A_STORY, caught_up, grow

Run = Callable[[Coroutine[Any, Any, None]], None]
LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


def break_while_writing(client: PipelinedClient) -> None:
    """The connection is reset with data of ours that was not sent yet."""
    client._pending.append(b"PING\r\n")
    client._pending_data_size += 6
    assert isinstance(client._transport, TcpTransport)
    assert client._transport._io_writer is not None
    client._transport._io_writer.transport.abort()


@LOOPS
def test_a_reset_while_a_connection_is_closed_does_not_replace_what_is_raised(server: EmbeddedNats, run: Run) -> None:
    async def lose() -> None:
        async with connected(NatsSettings(url=server.url), "test") as client:
            break_while_writing(client)
            raise BrokerUnavailableError("lost on the way")

    with pytest.raises(BrokerUnavailableError, match="lost on the way"):
        run(lose())


@LOOPS
def test_a_reset_while_a_connection_is_closed_is_no_failure(server: EmbeddedNats, run: Run) -> None:
    async def lose() -> None:
        async with connected(NatsSettings(url=server.url), "test") as client:
            break_while_writing(client)
        assert client.is_closed

    run(lose())


@LOOPS
def test_a_connection_that_could_not_be_closed_leaves_no_task(server: EmbeddedNats, run: Run) -> None:
    async def ignore(_: object) -> None:
        """No message comes."""

    async def lose() -> None:
        async with connected(NatsSettings(url=server.url), "test") as client:
            await client.subscribe("a.b", cb=ignore)
            break_while_writing(client)
        async with asyncio.timeout(10):
            while len(asyncio.all_tasks()) > 1:
                await asyncio.sleep(0)

    run(lose())


@LOOPS
def test_a_cancellation_passes_through_the_closing(server: EmbeddedNats, run: Run) -> None:
    async def use() -> None:
        async with connected(NatsSettings(url=server.url), "test") as client:
            break_while_writing(client)
            await asyncio.Event().wait()

    async def cancel() -> None:
        using = asyncio.create_task(use())
        await asyncio.sleep(0)
        while not using.done():
            using.cancel()
            await asyncio.wait([using], timeout=1)
        assert using.cancelled()

    run(cancel())


@LOOPS
@pytest.mark.parametrize("kind", [ConnectionResetError, RuntimeError, TimeoutError, AttributeError, ValueError])
def test_nothing_that_closing_raises_is_raised(run: Run, kind: type[Exception]) -> None:
    async def fail() -> None:
        raise kind

    run(closed(fail(), 10, "a connection"))


def test_what_cannot_be_closed_is_left_after_a_while() -> None:
    asyncio.run(closed(asyncio.sleep(3600), 0.01, "a connection"))


@LOOPS
def test_a_window_of_a_lost_connection_ends_with_the_fault_it_met(server: EmbeddedNats, run: Run) -> None:
    async def lose() -> None:
        async with (
            connected(NatsSettings(url=server.url), "test") as client,
            PublishWindow(client, "NUMBERING_1", MemoryLog().length, A_STORY),
        ):
            break_while_writing(client)
            raise BrokerUnavailableError("lost on the way")

    with pytest.raises(BrokerUnavailableError, match="lost on the way"):
        run(lose())


@LOOPS
def test_a_reply_over_a_lost_connection_is_lost_and_nothing_else(server: EmbeddedNats, run: Run) -> None:
    async def lose() -> None:
        asked = asyncio.get_running_loop().create_future()
        async with connected(NatsSettings(url=server.url), "test") as client:
            await client.subscribe("asked", cb=_into(asked))
            await client.publish("asked", b"", reply="_INBOX.somewhere")
            message = await asyncio.wait_for(asked, 10)
            break_while_writing(client)
            await send_reply(client, message, b"x" * 100_000)
            await send_reply(client, message, b"x" * 100_000)
        await send_reply(client, message, b"x")

    run(lose())


@LOOPS
def test_a_relay_goes_on_after_connections_that_break_while_they_are_closed(server: EmbeddedNats, run: Run) -> None:
    async def lose() -> None:
        log = MemoryLog()
        relay = BreaksItsConnections(
            log, NatsSettings(url=server.url), clock=lambda: NOW, prover=A_PROVER, pace=RelayPace(retry_max=0.1)
        )
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            running = group.create_task(relay.run())
            await grow(log, 20)
            await caught_up(relay, log)
            running.cancel()
        assert relay.breaks == 0

    run(lose())


class BreaksItsConnections(Relay):
    """Its first connections are reset while something is still to be sent."""

    breaks = 3

    async def _serve(self, stream: Any) -> None:
        if self.breaks:
            self.breaks -= 1
            break_while_writing(stream.client)
            raise BrokerUnavailableError("lost on the way")
        await super()._serve(stream)


def _into(future: "asyncio.Future[Any]") -> Callable[[Any], Coroutine[Any, Any, None]]:
    async def keep(message: Any) -> None:
        if not future.done():
            future.set_result(message)

    return keep
