"""Connections that die, at once or without a word: the endpoint notices, loses no slot, and ends when it is told to."""

import asyncio

from service.asking import Asked, Told
from service.embedded import EmbeddedNats
from service.nats.connection import NatsSettings
from service.nats.endpoint import RequestsEndpoint, answering_requests
from service.web.operations import Operations
from service.web.rate_limit import RateLimit
from tests.support.client import Api
from tests.support.cut_proxy import CutProxy
from tests.support.requesting import a_requester
from tests.support.waiting import until

LARGE = b"x" * 100_000
# Many times what nats-py keeps before it waits for the peer.
REQUESTS = 100
# As many steps of the event loop as it takes to subscribe, and more.
STEPS_MAX = 40
ROUNDS = 5


async def test_a_peer_that_falls_silent_is_noticed_by_an_endpoint_that_nobody_asks(api: Api, nats_url: str) -> None:
    operations = Operations(api.parts, RateLimit(0))
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

    async def large(asked: Asked) -> Told:
        del asked
        await gate.wait()
        return Told(LARGE, 200)

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


async def test_an_endpoint_cancelled_while_it_subscribes_ends(api: Api, nats_url: str) -> None:
    operations = Operations(api.parts, RateLimit(0))
    for steps in [*range(STEPS_MAX)] * ROUNDS:
        endpoint = RequestsEndpoint(NatsSettings(url=nats_url), operations.answer, operations.overload)
        task = asyncio.create_task(endpoint.run())
        # Its status says nothing before it serves.
        while endpoint._client is None:  # pyright: ignore[reportPrivateUsage] - see above
            await asyncio.sleep(0)
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await until(task.done, f"the end of an endpoint cancelled after {steps} steps")
