"""A collector of OpenTelemetry in this process: it takes what the service sends (OTLP over HTTP), and keeps it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from prometheus_client import CollectorRegistry, Counter

from service.tracing.export import ExportPace
from tests.support.waiting import until


@dataclass(frozen=True)
class Seen:
    """One span, as it arrived."""

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    attributes: Mapping[str, Any]
    links: list[str]
    is_error: bool
    start: int
    end: int
    state: str
    process: Mapping[str, Any]

    @property
    def place(self) -> tuple[str, str]:
        """The ids of its trace and of itself."""
        return self.trace_id, self.span_id


HASTY: Final = ExportPace(batch_seconds=0.02, export_seconds=0.2)
"""For tests: what was made is sent at once, and a collector that is away is given up soon."""


def a_counter() -> Counter:
    """What counts the spans of a test."""
    return Counter("spans", "Spans", ("fate",), registry=CollectorRegistry())


def place_of(traceparent: str) -> tuple[str, str]:
    """The ids of the trace and of the span that a header names."""
    return traceparent[3:35], traceparent[36:52]


@dataclass
class Collector:
    """What arrived so far. `status` is what it answers."""

    url: str = ""
    status: int = 200
    spans: list[Seen] = field(default_factory=list[Seen])
    requests: int = 0

    async def named(self, *names: str) -> list[Seen]:
        """The first span of each of these names, once all have arrived."""

        def have_come() -> bool:
            return set(names) <= {span.name for span in self.spans}

        await until(have_come, f"spans {names} among {[span.name for span in self.spans]}")
        return [next(span for span in self.spans if span.name == name) for name in names]

    async def take(self, request: web.Request) -> web.Response:
        """Keep the spans of one export."""
        self.requests += 1
        body = await request.read()
        if self.status == 200:
            self.spans += [*_spans_in(ExportTraceServiceRequest.FromString(body))]
        answer = ExportTraceServiceResponse().SerializeToString()
        return web.Response(status=self.status, body=answer, content_type="application/x-protobuf")


@asynccontextmanager
async def collecting() -> AsyncGenerator[Collector]:
    """A collector on a port of its own, until the block ends."""
    collector = Collector()
    application = web.Application()
    application.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield collector
    finally:
        await runner.cleanup()


def _spans_in(sent: ExportTraceServiceRequest) -> list[Seen]:
    return [
        Seen(
            name=span.name,
            kind=span.kind,
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            parent_id=span.parent_span_id.hex(),
            attributes=_values(span.attributes),
            links=[link.span_id.hex() for link in span.links],
            is_error=span.status.code == 2,
            start=span.start_time_unix_nano,
            end=span.end_time_unix_nano,
            state=span.trace_state,
            process=_values(resource.resource.attributes),
        )
        for resource in sent.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
