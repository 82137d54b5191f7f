"""The permission templates on a real server: TLS, nkeys, and a firm that sees only its own events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError

from schemas.values import DEFAULT_LOG, UnixSeconds
from service.embedded import EmbeddedNats
from service.log.memory_log import MemoryLog
from service.nats.client.broker_faults import BrokerUnavailableError
from service.nats.client.connection import NatsSettings, connected
from service.nats.relay.relay import Relay
from service.nats.relay.stream import EventStream
from service.nats.requests.endpoint import RequestsEndpoint, answering_requests
from service.nats.requests.operations import Operations
from tests.support.nats.firm_program import Program, a_program, types_of
from tests.support.nats.operator_mode import operator_server
from tests.support.nats.relays import A_PROVER, HURRIED, caught_up, grow, reached
from tests.support.nats.secured import Secured, secured_server
from tests.support.servers.parts import nats_program
from tests.support.service.client import Api
from tests.support.tasks import running_beside
from tests.support.waiting import until

NO_JETSTREAM_IN_ACCOUNT = 10039


@pytest.fixture
def answering() -> str:
    """The NATS user as which the service answers requests."""
    return "requests"


@pytest_asyncio.fixture
async def secured(api: Api, data_dir: Path, answering: str) -> AsyncIterator[Secured]:
    """A server by the templates, with accounts for three programs, and a service that uses it."""
    firm, other = api.firm.firm_id, api.other_firm.firm_id
    programs = [(firm, "live"), (firm, "test"), (other, "live")]
    with secured_server(data_dir, *programs) as server:
        relay = Relay(api.dependencies.log, as_user(server, "service"), clock=api.clock, prover=A_PROVER, pace=HURRIED)
        operations = Operations(api.entrance)
        endpoint = RequestsEndpoint(as_user(server, answering), operations.answer, operations.overload)

        async def is_up() -> bool:
            return endpoint.status().is_serving and relay.status().published == await api.dependencies.log.head()

        async with running_beside(relay.run()), answering_requests(endpoint):
            await until(is_up)
            for program in programs:
                await server.make_consumer(*program)
            yield server
            await caught_up(relay, api.dependencies.log)


def as_user(server: Secured, user: str) -> NatsSettings:
    """The settings with which a user of the template connects."""
    return NatsSettings(url=server.url, nkey_seed_file=server.seeds[user], tls_ca_file=server.ca_file)


@pytest.mark.parametrize("answering", ["service", "requests"])
async def test_a_firm_reserves_and_reads_its_own_events(secured: Secured, api: Api) -> None:
    series_id = await api.a_locked_series()
    async with a_program(secured, api.firm.firm_id) as live, a_program(secured, api.firm.firm_id, "test") as trying:
        found = await live.client.request("$SRV.PING", timeout=5)
        reply = await live.reserve(series_id, api.firm.device_a)
        await trying.events()
        types = await types_of(await live.events(), 3)

    assert json.loads(found.data)["name"] == "numbering"
    assert len(reply.data["data"]) == 10
    assert types == ["series-opened/1", "series-locked/1", "numbers-reserved/1"]
    assert live.errors == trying.errors == []


async def test_a_firm_is_kept_from_everything_else(secured: Secured, api: Api) -> None:
    firm_id, other = api.firm.firm_id, api.other_firm.firm_id
    calls = "$JS.numbering.API"
    async with a_program(secured, firm_id) as program:
        foreign = [
            f"numbering.v1.requests.live.{other}.series",
            f"numbering.v1.requests.test.{firm_id}.series",
            f"numbering.v1.events.live.{firm_id}.x.series-opened",
            f"{calls}.CONSUMER.CREATE.NUMBERING_1.{program.consumer}.numbering.v1.events.live.{other}.>",
            f"{calls}.CONSUMER.CREATE.NUMBERING_1.{program.consumer}.numbering.v1.events.live.{firm_id}.>",
            f"{calls}.CONSUMER.CREATE.NUMBERING_1.{program.consumer}",
            f"{calls}.CONSUMER.CREATE.NUMBERING_1",
            f"{calls}.CONSUMER.DURABLE.CREATE.NUMBERING_1.{program.consumer}",
            f"{calls}.CONSUMER.DELETE.NUMBERING_1.{program.consumer}",
            f"{calls}.CONSUMER.MSG.NEXT.NUMBERING_1.{other}-live-events",
            f"{calls}.STREAM.DELETE.NUMBERING_1",
            f"{calls}.STREAM.MSG.GET.NUMBERING_1",
        ]
        for subject in foreign:
            with pytest.raises(NoRespondersError):
                await program.client.request(subject, b"{}", timeout=5)
        for call in ("STREAM.DELETE", "STREAM.MSG.GET", "DIRECT.GET"):
            # A server replies that the account has no JetStream; an old server does not reply.
            with suppress(NatsTimeoutError, NoRespondersError):
                told = await program.client.request(f"$JS.API.{call}.NUMBERING_1", timeout=0.5)
                assert json.loads(told.data)["error"]["err_code"] == NO_JETSTREAM_IN_ACCOUNT


async def test_no_reply_subject_that_a_firm_names_harms_the_log_or_another_firm(secured: Secured, api: Api) -> None:
    series_id = await api.a_locked_series()
    other = api.other_firm
    await api.post("/invoice-series", {"name": "FACT", "document_type": "fiscal"}, other.live_key)
    async with a_program(secured, api.firm.firm_id) as program, a_program(secured, other.firm_id) as victim:
        events, their_events = await program.events(), await victim.events()
        own, theirs = (await events.fetch(1, timeout=5))[0], (await their_events.fetch(1, timeout=5))[0]
        for target in (
            f"numbering.v1.events.live.{program.firm_id}.x.y",
            "$JS.API.STREAM.DELETE.NUMBERING_1",
            "$JS.API.STREAM.PURGE.NUMBERING_1",
            f"$JS.API.CONSUMER.DELETE.NUMBERING_1.{victim.consumer}",
            f"numbering.v1.requests.live.{other.firm_id}.series",
        ):
            await every_answer_comes_back(program, own, target)
        assert program.errors == []
        await every_answer_is_refused(program, own, theirs.reply)
        state = json.loads((await victim.client.request(victim.asks("INFO"), timeout=5)).data)
        reply = await program.reserve(series_id, api.firm.device_a)
        types = await types_of(events, 1)

    assert state["num_ack_pending"] == 1
    assert len(reply.data["data"]) == 10
    assert types == ["numbers-reserved/1"]


def questions(program: Program, own: Msg) -> list[tuple[str, bytes]]:
    """All requests that a firm may send, with their bodies. No event is left for the last, so its reply is empty."""
    return [
        (f"numbering.v1.requests.live.{program.firm_id}.series", b"{}"),
        ("$SRV.PING", b""),
        ("$SRV.INFO.numbering", b""),
        (program.asks("INFO"), b""),
        (own.reply, b"+WPI"),
        (program.asks("MSG.NEXT"), b'{"batch":1,"expires":10000000}'),
        (program.asks("MSG.NEXT"), b'{"batch":1,"expires":10000000}'),
    ]


async def every_answer_comes_back(program: Program, own: Msg, target: str) -> None:
    """Send every request with this reply subject: each reply arrives at the program itself, in its own account."""
    asked, answers = questions(program, own), list[Msg]()

    async def note(message: Msg) -> None:
        answers.append(message)

    listening = await program.client.subscribe(target, cb=note)  # pyright: ignore[reportUnknownMemberType] - untyped future
    for subject, body in asked:
        await program.client.publish(subject, body, reply=target)
    await until(lambda: len(answers) == len(asked), f"answers to {target}")
    await listening.unsubscribe()


async def every_answer_is_refused(program: Program, own: Msg, target: str) -> None:
    """Send every request with this reply subject: the server accepts none of them."""
    asked = questions(program, own)
    for subject, body in asked:
        await program.client.publish(subject, body, reply=target)
    await until(lambda: len(program.errors) == len(asked), f"refusal of {target}")
    assert all("publish with reply" in error.lower() for error in program.errors)


async def test_no_consumer_of_a_firm_takes_the_events_of_another(secured: Secured, api: Api) -> None:
    await api.a_locked_series()
    await api.post("/invoice-series", {"name": "FACT", "document_type": "fiscal"}, api.other_firm.live_key)
    async with a_program(secured, api.firm.firm_id) as program, a_program(secured, api.other_firm.firm_id) as victim:
        # JetStream listens on this subject: each event delivered to it would pull from the consumer of the other firm.
        target = f"$JS.API.CONSUMER.MSG.NEXT.NUMBERING_1.{victim.consumer}"
        events = f"numbering.v1.events.live.{program.firm_id}.>"
        config = {"name": "taking", "filter_subject": events, "ack_policy": "none", "deliver_subject": target}
        body = json.dumps({"stream_name": "NUMBERING_1", "config": config | {"headers_only": True}}).encode()
        for name in (program.consumer, "taking"):
            for place in (f"CREATE.NUMBERING_1.{name}.{events}", f"DURABLE.CREATE.NUMBERING_1.{name}"):
                with pytest.raises(NoRespondersError):
                    await program.client.request(f"$JS.numbering.API.CONSUMER.{place}", body, timeout=5)
        found = json.loads((await program.client.request(program.asks("INFO"), timeout=5)).data)
        types = await types_of(await victim.events(), 1)
        state = json.loads((await victim.client.request(victim.asks("INFO"), timeout=5)).data)

    assert "deliver_subject" not in found["config"]
    assert types == ["series-opened/1"]
    assert state["delivered"]["consumer_seq"] == 1


async def test_an_operator_lets_a_firm_read_again(secured: Secured, api: Api) -> None:
    await api.a_series()
    async with a_program(secured, api.firm.firm_id) as program:
        first = await types_of(await program.events(), 1)
        async with connected(as_user(secured, "operator"), "test") as client:
            await client.request(f"$JS.API.CONSUMER.DELETE.NUMBERING_1.{program.consumer}", timeout=5)
        await secured.make_consumer(program.firm_id, program.mode)
        again = await types_of(await program.events(), 1)

    assert first == again == ["series-opened/1"]


async def test_a_firm_is_added_to_a_server_that_runs(secured: Secured, api: Api) -> None:
    series_id = await api.a_locked_series()
    async with a_program(secured, api.firm.firm_id) as present:
        await secured.add_firm(api.other_firm.firm_id, "test")
        await secured.make_consumer(api.other_firm.firm_id, "test")
        await api.post("/invoice-series", {"name": "FACT", "document_type": "fiscal"}, api.other_firm.test_key)
        async with a_program(secured, api.other_firm.firm_id, "test") as added:
            found = await added.client.request("$SRV.PING", timeout=5)
            types = await types_of(await added.events(), 1)
        reply = await present.reserve(series_id, api.firm.device_a)

    assert json.loads(found.data)["name"] == "numbering"
    assert types == ["series-opened/1"]
    assert len(reply.data["data"]) == 10


async def test_a_pull_that_would_outlive_the_way_back_is_refused(secured: Secured, api: Api) -> None:
    async with a_program(secured, api.firm.firm_id) as program:
        body = json.dumps({"batch": 1, "expires": 61 * 10**9}).encode()
        refusal = await program.client.request(program.asks("MSG.NEXT"), body, timeout=5)

    assert (refusal.headers or {})["Status"] == "409"


async def test_an_operator_reads_and_deletes_the_stream_and_publishes_nothing(secured: Secured, api: Api) -> None:
    await api.a_series()
    head = await api.dependencies.log.head()
    async with connected(as_user(secured, "operator"), "test") as client:
        stream = EventStream(client, DEFAULT_LOG)

        async def is_relayed() -> bool:
            return (await stream.end()).last == head

        await until(is_relayed)
        with pytest.raises(NatsTimeoutError):
            await client.request("numbering.v1.events.live.firm_1.x.y", b"{}", timeout=0.2)
        assert await stream.stored_at(head) is not None
        await stream.delete()


async def test_a_process_for_requests_reads_where_the_stream_ends_and_publishes_nothing(
    secured: Secured, api: Api
) -> None:
    """It must compare before it issues."""
    await api.a_series()
    head = await api.dependencies.log.head()
    async with connected(as_user(secured, "requests"), "test") as client:
        stream = EventStream(client, DEFAULT_LOG)

        async def is_relayed() -> bool:
            found = await stream.present_end()
            return found is not None and found.last == head

        await until(is_relayed)
        assert await stream.stored_at(head) is not None
        with pytest.raises(NatsTimeoutError):
            await client.request("numbering.v1.events.live.firm_1.x.y", b"{}", timeout=0.2)


async def test_a_client_without_an_nkey_or_without_the_ca_does_not_connect(secured: Secured) -> None:
    wrong = [
        NatsSettings(url=secured.url, tls_ca_file=secured.ca_file),
        NatsSettings(url=secured.url, nkey_seed_file=secured.seeds["service"]),
    ]
    for settings in wrong:
        with pytest.raises(BrokerUnavailableError):
            async with connected(settings, "test"):
                raise AssertionError("connected")


async def test_a_user_and_password_come_in_the_url(data_dir: Path) -> None:
    with await asyncio.to_thread(EmbeddedNats, data_dir / "nats", nats_program()) as server:
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
        relay = Relay(
            log, NatsSettings(url=url, credentials_file=credentials), clock=lambda: UnixSeconds(0), prover=A_PROVER
        )
        async with running_beside(relay.run()):
            await reached(relay, 20)
