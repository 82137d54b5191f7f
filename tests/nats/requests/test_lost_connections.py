"""Connections that close or fall silent: the endpoint notices, keeps all places for requests, and ends when stopped."""

import asyncio
from contextlib import suppress

from service.api.calling.reply import Reply
from service.api.refusals.causes import Unavailable
from service.api.refusals.table import refusal_of
from service.embedded import EmbeddedNats
from service.nats.client.connection import NatsSettings, connected
from service.nats.requests.asked import Arrived
from service.nats.requests.endpoint import RequestsEndpoint, answering_requests
from service.nats.requests.operations import Operations
from tests.support.nats.requesting import a_requester
from tests.support.servers.cut_proxy import CutProxy
from tests.support.service.client import Api
from tests.support.waiting import until

LARGE = b"x" * 100_000
# Many times the bytes that nats-py buffers before it waits for the peer.
REQUESTS = 100
# More steps of the event loop than a subscription takes.
STEPS_MAX = 40
ROUNDS = 5


async def test_an_idle_endpoint_notices_a_peer_that_falls_silent(api: Api, nats_url: str) -> None:
    operations = Operations(api.entrance)
    async with CutProxy.before(nats_url) as proxy:
        settings = NatsSettings(url=proxy.url, ping_seconds=1)
        endpoint = RequestsEndpoint(settings, operations.answer, operations.overload)
        async with answering_requests(endpoint):
            await until(lambda: endpoint.status().is_serving)
            proxy.mute()

            await until(lambda: not endpoint.status().is_serving, "the notice of a silent peer")
            proxy.cut()
            await until(lambda: endpoint.status().is_serving, "the next connection")


async def test_large_replies_that_a_killed_broker_has_not_read_hold_no_slot(api: Api, server: EmbeddedNats) -> None:
    gate = asyncio.Event()

    async def large(arrived: Arrived) -> Reply:
        del arrived
        await gate.wait()
        return Reply(200, LARGE)

    async with a_requester(api, server.url, large) as requester:
        status = requester.endpoint.status
        inbox = requester.client.new_inbox()
        for _ in range(REQUESTS):
            await requester.client.publish(f"numbering.v1.requests.live.{api.firm.firm_id}.series", b"{}", inbox)
        await until(lambda: status().in_flight == REQUESTS)
        gate.set()
        server.kill()
        await until(lambda: not status().is_serving, "the notice of the kill")
        server.start()

        await until(lambda: status().is_serving, "the next connection")
        await until(lambda: status().in_flight == 0, "the end of every request")


class HalfDeafProxy(CutProxy):
    """After it stalls, it takes no more bytes from the client, but still passes on those of the server."""

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_server: bool) -> None:
        if not is_server:
            await super()._pass_on(reader, writer, is_server=is_server)
        else:
            with suppress(OSError):
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()


async def test_a_broker_that_reads_no_more_is_given_no_more_work(api: Api, nats_url: str) -> None:
    too_many = asyncio.Event()
    asked_for: list[bytes] = []

    async def large(arrived: Arrived) -> Reply:
        asked_for.append(arrived.body)
        return Reply(200, b"x" * 1_000_000)

    def overload(_: Arrived) -> Reply:
        too_many.set()
        return Reply(503, b"", refusal_of(Unavailable("")))

    async with HalfDeafProxy.before(nats_url) as proxy, connected(NatsSettings(url=nats_url), "test") as asker:

        async def ask(count: int, body: bytes) -> None:
            for _ in range(count):
                await asker.publish(f"numbering.v1.requests.live.{api.firm.firm_id}.series", body, asker.new_inbox())

        async def have_worked_on(count: int, body: bytes) -> None:
            taken = len(asked_for) + count
            await ask(count, body)
            await until(lambda: len(asked_for) == taken)

        endpoint = RequestsEndpoint(NatsSettings(url=proxy.url), large, overload)
        async with answering_requests(endpoint):
            await until(lambda: endpoint.status().is_serving)
            proxy.stall()
            # The first replies fill the buffers of the socket, the others fill the buffer of nats-py.
            await have_worked_on(10, b"earlier")
            await have_worked_on(REQUESTS, b"earlier")
            await ask(1, b"later")

            await until(too_many.is_set, "the answer that it is too much")
            assert b"later" not in asked_for
            proxy.shut()
            await until(lambda: not endpoint.status().is_serving, "the notice of the cut")


async def test_an_endpoint_cancelled_while_it_subscribes_ends(api: Api, nats_url: str) -> None:
    operations = Operations(api.entrance)
    for steps in [*range(STEPS_MAX)] * ROUNDS:
        endpoint = RequestsEndpoint(NatsSettings(url=nats_url), operations.answer, operations.overload)
        task = asyncio.create_task(endpoint.run())
        # The status does not change before it serves, so this reads a private field.
        while endpoint._client is None:  # pyright: ignore[reportPrivateUsage] - see above
            await asyncio.sleep(0)
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await until(task.done, f"the end of an endpoint cancelled after {steps} steps")
