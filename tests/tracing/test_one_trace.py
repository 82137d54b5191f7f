"""One trace leads from a request, over HTTP or NATS, to the message of its event; a collector sees all of it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio
from nats.aio.msg import Msg
from structlog.testing import capture_logs

from schemas.traceparent import read_traceparent
from service.tracing.export import exporting_tracer
from service.tracing.tracer import Tracer
from tests.support.domain.golden import TRACE
from tests.support.nats.relays import caught_up, messages, relaying
from tests.support.nats.requesting import a_requester, decoded
from tests.support.service.client import Api, Options, an_api
from tests.support.service.collector import HASTY, Collector, Seen, a_counter, collecting, place_of

EVENTS = "numbering.v1.events.{mode}.{firm}.{series}.{event}"
OPEN = "POST /v1/invoice-series"
QUEUE, APPEND, PUBLISH = "writer.queue", "log.append", f"publish {EVENTS}"
SERVER, CLIENT, PRODUCER = 2, 3, 4
A_SERIES = {"name": "A", "document_type": "fiscal"}


@dataclass(frozen=True)
class Traced:
    """A service whose spans a collector gets."""

    api: Api
    collector: Collector
    tracer: Tracer
    nats_url: str

    async def published(self) -> list[Msg]:
        """The messages of all events."""
        log = self.api.dependencies.log
        async with relaying(log, self.nats_url, tracer=self.tracer) as relay:
            await caught_up(relay, log)
        return await messages(self.nats_url)

    async def opened(self, traceparent: str | None, name: str = "A", state: str | None = None) -> int:
        """The status of a request that opens a series."""
        named = {"traceparent": traceparent, "tracestate": state}
        headers = {header: value for header, value in named.items() if value is not None}
        return (await self.api.ask("POST", "/invoice-series", None, A_SERIES | {"name": name}, headers=headers)).status


@asynccontextmanager
async def a_traced_service(
    database_url: str, nats_url: str, directory: Path, ratio: float = 1.0
) -> AsyncGenerator[Traced]:
    """The service with a tracer that exports to a collector."""
    async with collecting() as collector:
        tracer = exporting_tracer(collector.url, ratio, ["web"], a_counter(), HASTY)
        try:
            async with an_api(database_url, directory, Options(tracer=tracer)) as api:
                yield Traced(api, collector, tracer, nats_url)
        finally:
            await asyncio.to_thread(tracer.close)


@pytest_asyncio.fixture
async def traced(database_url: str, nats_url: str, tmp_path: Path) -> AsyncGenerator[Traced]:
    """A service that begins a trace for each request that names none."""
    async with a_traced_service(database_url, nats_url, tmp_path) as made:
        yield made


def assert_is_a_chain(request: Seen, parts: Sequence[Seen], parent: str) -> None:
    """The request's span is a child of `parent`, and the others are its children, in its trace and time."""
    assert (request.trace_id, request.parent_id, request.kind) == (TRACE[3:35], parent, SERVER)
    for part in parts:
        assert (part.trace_id, part.parent_id) == (request.trace_id, request.span_id)
        assert request.start <= part.start <= part.end
    queue, append, publish = parts
    assert queue.end == append.start
    assert append.end <= request.end
    assert (append.kind, publish.kind) == (CLIENT, PRODUCER)


async def test_one_trace_leads_from_an_http_request_to_the_message_of_its_event(traced: Traced) -> None:
    with capture_logs() as lines:
        assert await traced.opened(TRACE, state="vendor=1") == 201
    [message] = await traced.published()
    request, *parts = await traced.collector.named(OPEN, QUEUE, APPEND, PUBLISH)

    assert_is_a_chain(request, parts, TRACE[36:52])
    assert request.state == "vendor=1"
    assert request.attributes["http.route"] == "/v1/invoice-series"
    assert request.attributes["http.response.status_code"] == 201
    assert request.process["service.name"] == "invoice-numbering"
    headers = message.headers or {}
    assert place_of(headers["ce-traceparent"]) == request.place
    assert place_of(headers["traceparent"]) == parts[-1].place
    assert parts[-1].attributes["messaging.message.id"] == headers["ce-id"]
    [line] = [line for line in lines if line["event"] == "request" and line["route"] == "/v1/invoice-series"]
    assert (line["trace_id"], line["span_id"]) == (request.trace_id, request.span_id)
    assert line["request_id"] == request.attributes["numbering.request_id"]


async def test_one_trace_leads_from_a_nats_request_to_the_message_of_its_event(traced: Traced) -> None:
    series_id = await traced.api.a_series()
    async with a_requester(traced.api, traced.nats_url) as requester:
        subject = f"numbering.v1.requests.live.{traced.api.firm.firm_id}.lock"
        headers = requester.headers() | {"traceparent": TRACE}
        body = b'{"series_id": "%b"}' % series_id.encode()
        reply = decoded(await requester.client.request(subject, body, timeout=15, headers=headers))
    assert reply.data["lock"]["device_id"] == "device-a"
    _, message = await traced.published()
    await traced.collector.named(PUBLISH)
    name = "lock numbering.v1.requests.{mode}.{firm}.lock"
    [request] = await traced.collector.named(name)
    await asyncio.to_thread(traced.tracer.close)
    ours = [span for span in traced.collector.spans if span.parent_id == request.span_id]

    assert_is_a_chain(request, [next(s for s in ours if s.name == n) for n in (QUEUE, APPEND, PUBLISH)], TRACE[36:52])
    assert place_of((message.headers or {})["ce-traceparent"]) == request.place


async def test_each_request_of_a_batch_has_its_own_trace_and_links_the_others(traced: Traced) -> None:
    sent = [read_traceparent([TRACE.replace("4bf9", f"{place:04x}")]) for place in range(1, 4)]
    await asyncio.gather(*(traced.opened(trace, f"S{place}") for place, trace in enumerate(sent)))
    found = await traced.published()
    await asyncio.to_thread(traced.tracer.close)

    spans = traced.collector.spans
    requests = {span.trace_id: span for span in spans if span.name == OPEN}
    appends = [span for span in spans if span.name == APPEND]
    assert set(requests) == {trace[3:35] for trace in sent if trace}
    assert {(span.trace_id, span.parent_id) for span in appends} == {span.place for span in requests.values()}
    for span in appends:
        together = {other.parent_id for other in appends if other.start == span.start} - {span.parent_id}
        assert set(span.links) == together
    assert {place_of((m.headers or {})["ce-traceparent"]) for m in found} == {s.place for s in requests.values()}


async def test_a_request_without_a_trace_begins_one_and_one_that_is_not_sampled_makes_no_spans(traced: Traced) -> None:
    unsampled = f"{TRACE[:-2]}00"
    assert await traced.opened(None, "A") == 201
    assert await traced.opened(unsampled, "B") == 201
    begun, passed_on = [message.headers or {} for message in await traced.published()]
    [request] = await traced.collector.named(OPEN)
    await asyncio.to_thread(traced.tracer.close)

    assert place_of(begun["ce-traceparent"]) == request.place
    assert request.parent_id == ""
    assert passed_on["traceparent"] == passed_on["ce-traceparent"] == unsampled
    assert {span.trace_id for span in traced.collector.spans} == {request.trace_id}


async def test_with_ratio_0_only_requests_that_name_a_trace_are_traced(
    database_url: str, nats_url: str, tmp_path: Path
) -> None:
    async with a_traced_service(database_url, nats_url, tmp_path, ratio=0.0) as traced:
        assert await traced.opened(None, "A") == 201
        assert await traced.opened(TRACE, "B") == 201
        untraced, named = [message.headers or {} for message in await traced.published()]
        await traced.collector.named(OPEN, PUBLISH)

    assert "traceparent" not in untraced
    assert named["ce-traceparent"][3:35] == TRACE[3:35]
    assert {span.trace_id for span in traced.collector.spans} == {TRACE[3:35]}


async def test_a_span_of_a_refused_request_says_its_code_and_nothing_of_the_caller(traced: Traced) -> None:
    api = traced.api
    series_id = await api.a_locked_series()
    (token,) = await api.tokens(series_id)
    await api.post(f"/invoice-series/reservations/{token}/release", credential=api.firm.device_a)
    assert (await api.issue(reservation_token=token, notes="private words", key="a-key-of-a-client")).status == 409
    await asyncio.to_thread(traced.tracer.close)

    (refused,) = [span for span in traced.collector.spans if span.attributes.get("http.response.status_code") == 409]
    assert refused.attributes["numbering.error_code"] == "reservation_not_pending"
    assert not refused.is_error
    text = str(traced.collector.spans)
    for secret in (token, api.firm.device_a, api.firm.live_key, "private words", "a-key-of-a-client", series_id):
        assert secret not in text
