"""The spans of a request, of the append that served it, and of publishing its events.

Names and attributes are those of the OpenTelemetry semantic conventions for HTTP, databases and messaging. No attribute
holds a text of a client but the request id: a path, a key, a token or a number would otherwise leave the service.
"""

from collections.abc import Callable, Sequence
from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Tracer as OtelTracer
from opentelemetry.trace.span import TraceState

from schemas.api.operations import REQUEST_ROOT
from schemas.traceparent import TraceParent, is_sampled, span_id_of, trace_id_of
from service.writer.batch import Plan
from service.writer.request import Answered

LINKS_MAX: Final = 8
"""How many requests of the same batch the span of an append names."""

TRACE_STATE_MAX: Final = 512
"""The longest `tracestate` that is read, in characters: what the W3C asks everybody to pass on."""

_NOWHERE: Final = Context()
_EVENTS: Final = "numbering.v1.events.{mode}.{firm}.{series}.{event}"


class RequestSpan:
    """A request that is being answered. `end` or `cut_off` is called once."""

    __slots__ = ("_span", "_status", "is_recorded", "traceparent")

    def __init__(self, span: Span, sent: TraceParent | None, status: str) -> None:
        """`sent` is the trace that the request named, if it did; `status` names the attribute with the reply's."""
        self._span = span
        self._status = status
        self.is_recorded = span.is_recording()
        # A trace that nobody records is passed on as it came, and is not begun here.
        self.traceparent = _named(span) if self.is_recorded else sent

    def end(self, status: int, code: str | None) -> None:
        """The reply has this status, and this code if the request was refused."""
        span = self._span
        span.set_attribute(self._status, status)
        if code is not None:
            span.set_attribute("numbering.error_code", code)
        if status >= 500:
            span.set_attribute("error.type", code or str(status))
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def cut_off(self) -> None:
        """The request ended without a reply."""
        self._span.set_attribute("error.type", "cut_off")
        self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


class PublishSpan:
    """An event on its way to the NATS stream."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, span: Span) -> None:
        self._span = span
        self.traceparent = _named(span)

    def end(self, *, is_stored: bool) -> None:
        """The event is in the stream, or nobody knows whether it is."""
        if not is_stored:
            self._span.set_attribute("error.type", "not_acknowledged")
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


class Tracer:
    """Makes the spans of one process. Nothing here waits, and nothing is raised."""

    def __init__(self, tracer: OtelTracer, close: Callable[[], None]) -> None:
        """`close` sends what is left, and blocks until then, a few seconds at the most."""
        self._tracer = tracer
        self.close = close

    def http_request(
        self, method: str, route: str, request_id: str, sent: TraceParent | None, states: Sequence[str]
    ) -> RequestSpan:
        """A request over HTTP; `method` and `route` are words of ours, `states` its headers `tracestate`."""
        attributes = {
            "http.request.method": method,
            "http.route": route,
            "url.scheme": "http",
            "numbering.request_id": request_id,
        }
        span = self._request(f"{method} {route}", attributes, sent, states)
        return RequestSpan(span, sent, "http.response.status_code")

    def nats_request(
        self, operation: str, request_id: str, sent: TraceParent | None, states: Sequence[str]
    ) -> RequestSpan:
        """A request over NATS for one of our operations."""
        place = f"{REQUEST_ROOT}.{{mode}}.{{firm}}.{operation}"
        attributes = {
            "messaging.system": "nats",
            "messaging.operation.type": "process",
            "messaging.operation.name": operation,
            "messaging.destination.template": place,
            "numbering.request_id": request_id,
        }
        return RequestSpan(self._request(f"{operation} {place}", attributes, sent, states), sent, "numbering.status")

    def appended(self, plan: Plan) -> None:
        """Tell in the trace of each request of this batch how long it waited, and how long the append took."""
        traced = [
            (waiting.request.traceparent, waiting.request.asked_ns)
            for waiting, result in plan.results
            if waiting.request.asked_ns and isinstance(result, Answered) and result.records
        ]
        contexts = [_context_of(traceparent) for traceparent, _ in traced if traceparent is not None]
        attributes: dict[str, str | int] = {
            "db.system.name": "postgresql",
            "db.stored_procedure.name": "log.append",
            "numbering.batch_commands": len(plan.results),
            "numbering.batch_events": len(plan.batch.records),
        }
        for place, (context, (_, asked_ns)) in enumerate(zip(contexts, traced, strict=True)):
            parent = set_span_in_context(NonRecordingSpan(context), _NOWHERE)
            waited = self._tracer.start_span("writer.queue", parent, start_time=asked_ns)
            waited.end(max(asked_ns, plan.started_ns))
            others = [*contexts[max(0, place - LINKS_MAX) : place], *contexts[place + 1 : place + 1 + LINKS_MAX]]
            span = self._tracer.start_span(
                "log.append",
                parent,
                SpanKind.CLIENT,
                attributes,
                [Link(each) for each in others[:LINKS_MAX]],
                max(asked_ns, plan.started_ns),
            )
            span.end(plan.ended_ns)

    def publishing(self, caused_by: TraceParent, message_id: str, size: int) -> PublishSpan | None:
        """An event that the relay sends now, if the trace of the request behind it is recorded; its body has `size`
        bytes.
        """
        if not is_sampled(caused_by):
            return None
        attributes: dict[str, str | int] = {
            "messaging.system": "nats",
            "messaging.operation.type": "send",
            "messaging.operation.name": "publish",
            "messaging.destination.template": _EVENTS,
            "messaging.message.id": message_id,
            "messaging.message.body.size": size,
        }
        parent = set_span_in_context(NonRecordingSpan(_context_of(caused_by)), _NOWHERE)
        span = self._tracer.start_span(f"publish {_EVENTS}", parent, SpanKind.PRODUCER, attributes)
        return PublishSpan(span) if span.is_recording() else None

    def _request(self, name: str, attributes: dict[str, str], sent: TraceParent | None, states: Sequence[str]) -> Span:
        parent = _NOWHERE
        if sent is not None:
            parent = set_span_in_context(NonRecordingSpan(_context_of(sent, _state_of(states), is_remote=True)), parent)
        return self._tracer.start_span(name, parent, SpanKind.SERVER, attributes)


def _state_of(states: Sequence[str]) -> TraceState | None:
    """What these headers say, if it is not too long; OpenTelemetry drops what is malformed."""
    if not states or sum(map(len, states)) > TRACE_STATE_MAX:
        return None
    return TraceState.from_header(list(states))


def _context_of(traceparent: TraceParent, state: TraceState | None = None, *, is_remote: bool = False) -> SpanContext:
    return SpanContext(
        trace_id=int(trace_id_of(traceparent), 16),
        span_id=int(span_id_of(traceparent), 16),
        is_remote=is_remote,
        trace_flags=TraceFlags(int(traceparent[53:], 16)),
        trace_state=state,
    )


def _named(span: Span) -> TraceParent:
    context = span.get_span_context()
    return TraceParent(f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}")
