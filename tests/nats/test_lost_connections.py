"""Connections that die, at once or without a word: the endpoint notices, loses no slot, and ends when it is told to."""

from service.nats.connection import NatsSettings
from service.nats.endpoint import RequestsEndpoint, answering_requests
from service.web.operations import Operations
from service.web.rate_limit import RateLimit
from tests.support.client import Api
from tests.support.cut_proxy import CutProxy
from tests.support.waiting import until


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
