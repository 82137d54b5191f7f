"""The permission templates on a real server: TLS, nkeys, and a firm that sees nothing but its own."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from ssl import create_default_context

import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import AckPolicy, ConsumerConfig

from schemas.values import UnixSeconds
from service.embedded import EmbeddedNats
from service.memory_log import MemoryLog
from service.nats.connection import NatsSettings, connected
from service.nats.endpoint import RequestsEndpoint, answering_requests
from service.nats.faults import BrokerUnavailableError
from service.nats.relay import Relay
from service.web.operations import Operations
from service.web.rate_limit import RateLimit
from tests.support.client import Api
from tests.support.operator_mode import operator_server
from tests.support.relays import HURRIED, grow, reached
from tests.support.requesting import decoded
from tests.support.secured import Secured, secured_server
from tests.support.tasks import running_beside
from tests.support.waiting import until


@pytest_asyncio.fixture
async def secured(api: Api, data_dir: Path) -> AsyncIterator[Secured]:
    """A server by the templates, and the service on it as its user `service`."""
    with secured_server(data_dir, api.firm.firm_id) as server:
        settings = NatsSettings(url=server.url, nkey_seed_file=server.seeds["service"], tls_ca_file=server.ca_file)
        relay = Relay(api.parts.log, settings, clock=api.clock, pace=HURRIED)
        operations = Operations(api.parts, RateLimit(0))
        endpoint = RequestsEndpoint(settings, operations.answer, operations.overload)

        async def is_up() -> bool:
            return endpoint.status().is_serving and relay.status().published == await api.parts.log.head()

        async with running_beside(relay.run()), answering_requests(endpoint):
            await until(is_up)
            yield server


@asynccontextmanager
async def the_firm(server: Secured, firm_id: str, errors: list[str]) -> AsyncGenerator[Client]:
    """A program of the firm, with what the server forbade it."""

    async def note(error: Exception) -> None:
        errors.append(str(error))

    client = Client()
    await client.connect(
        server.url,
        nkeys_seed=str(server.seeds["firm"]),
        tls=create_default_context(cafile=server.ca_file),
        inbox_prefix=f"_INBOX_{firm_id}".encode(),
        error_cb=note,
    )
    try:
        yield client
    finally:
        await client.close()


async def test_a_firm_reserves_and_reads_its_own_events(secured: Secured, api: Api) -> None:
    series_id = await api.a_locked_series()
    firm_id = api.firm.firm_id
    async with the_firm(secured, firm_id, []) as client:
        reply = decoded(
            await client.request(
                f"numbering.v1.requests.live.{firm_id}.reserve",
                json.dumps({"series_id": series_id}).encode(),
                timeout=5,
                headers={"Authorization": f"Bearer {api.firm.device_a}"},
            )
        )
        jetstream = client.jetstream()  # pyright: ignore[reportUnknownMemberType] - untyped options
        filter_subject = f"numbering.v1.events.live.{firm_id}.>"
        name = f"{firm_id}-events"
        await jetstream.add_consumer(  # pyright: ignore[reportUnknownMemberType] - untyped options
            "NUMBERING_1",
            ConsumerConfig(name=name, durable_name=name, filter_subject=filter_subject, ack_policy=AckPolicy.EXPLICIT),
        )
        subscription = await jetstream.pull_subscribe_bind(name, "NUMBERING_1")
        found = [message for _ in range(3) for message in await subscription.fetch(1, timeout=5)]
        for message in found:
            await message.ack_sync()

    assert len(reply.data["data"]) == 10
    assert [json.loads(message.data)["event"]["type"] for message in found] == [
        "series-opened/1",
        "series-locked/1",
        "numbers-reserved/1",
    ]


async def test_a_firm_is_kept_from_everything_else(secured: Secured, api: Api) -> None:
    firm_id, errors = api.firm.firm_id, list[str]()
    other = api.other_firm.firm_id
    forbidden = [
        f"numbering.v1.requests.live.{other}.series",
        f"numbering.v1.requests.test.{firm_id}.series",
        f"numbering.v1.events.live.{firm_id}.x.series-opened",
        f"$JS.API.CONSUMER.CREATE.NUMBERING_1.{firm_id}-events.numbering.v1.events.live.{other}.>",
        "$JS.API.CONSUMER.CREATE.NUMBERING_1",
        "$JS.API.STREAM.DELETE.NUMBERING_1",
        "$JS.API.STREAM.MSG.GET.NUMBERING_1",
        "$JS.API.DIRECT.GET.NUMBERING_1",
    ]
    async with the_firm(secured, firm_id, errors) as client:
        for subject in forbidden:
            with pytest.raises(NatsTimeoutError):
                await client.request(subject, b"{}", timeout=0.2)
        await client.subscribe("numbering.v1.events.>")  # pyright: ignore[reportUnknownMemberType] - untyped future
        await client.subscribe("_INBOX.>")  # pyright: ignore[reportUnknownMemberType] - untyped future

        async def are_refused() -> bool:
            return len(errors) == len(forbidden) + 2

        await until(are_refused)

    assert all("permissions violation" in error.lower() for error in errors)


async def test_who_is_nobody_or_trusts_nobody_does_not_connect(secured: Secured) -> None:
    wrong = [
        NatsSettings(url=secured.url, tls_ca_file=secured.ca_file),
        NatsSettings(url=secured.url, nkey_seed_file=secured.seeds["service"]),
    ]
    for settings in wrong:
        with pytest.raises(BrokerUnavailableError):
            async with connected(settings, "test"):
                raise AssertionError("connected")


async def test_a_user_and_password_come_in_the_url(data_dir: Path) -> None:
    with await asyncio.to_thread(EmbeddedNats, data_dir / "nats") as server:
        async with connected(NatsSettings(url=server.url), "test") as client:
            assert client.is_connected
        with pytest.raises(BrokerUnavailableError):
            async with connected(NatsSettings(url=server.url.replace(":", ":wrong", 2)), "test"):
                raise AssertionError("connected")


async def test_a_credentials_file_lets_the_relay_in(data_dir: Path) -> None:
    log = MemoryLog()
    await grow(log, 20)
    with operator_server(data_dir) as (url, credentials):
        with pytest.raises(BrokerUnavailableError):
            async with connected(NatsSettings(url=url), "test"):
                raise AssertionError("connected")
        relay = Relay(log, NatsSettings(url=url, credentials_file=credentials), clock=lambda: UnixSeconds(0))
        async with running_beside(relay.run()):
            await reached(relay, 20)
