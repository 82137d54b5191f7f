"""Sends spans to a collector (OTLP over HTTP) from a thread of its own: a request never waits for it, and never fails.

A collector that is away costs its spans and nothing else. They are counted, and it is said once.
"""

import logging
from collections.abc import Iterable, Sequence
from threading import Thread
from typing import Final
from urllib.parse import urlsplit

import structlog
from msgspec import Struct
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from prometheus_client import Counter

from service.printable import without_password
from service.random_ids import random_uuid
from service.software import VERSION
from service.tracing.tracer import Tracer

SPANS_MAX: Final = 8_192
"""How many wait to be sent; what ends while there are as many is dropped."""

BATCH_SPANS: Final = 512
TRACES_PATH: Final = "/v1/traces"
"""Where a collector takes spans, if the URL has no path."""

_say = structlog.get_logger("traces")


class ExportPace(Struct, frozen=True, kw_only=True):
    """How long spans wait for others, how long an export is tried, and how long a process that ends waits for it."""

    batch_seconds: float = 1.0
    export_seconds: float = 5.0
    close_seconds: float = 3.0


def exporting_tracer(
    url: str, ratio: float, jobs: Iterable[str], spans: Counter, pace: ExportPace | None = None
) -> Tracer:
    """A tracer whose spans go to `url`; `ratio` of the requests that name no trace begin one.

    `spans` counts them by what became of them. OpenTelemetry itself reads OTEL_SERVICE_NAME and
    OTEL_RESOURCE_ATTRIBUTES, and for the way to the collector OTEL_EXPORTER_OTLP_HEADERS and _CERTIFICATE.
    """
    # What it says of each failed try, with a traceback, is said here once.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    endpoint = url if urlsplit(url).path.strip("/") else url.rstrip("/") + TRACES_PATH
    pace = pace or ExportPace()
    sender = OTLPSpanExporter(endpoint, timeout=pace.export_seconds)
    exporter = CountedExporter(sender, spans, without_password(endpoint))
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(ratio)), resource=_resource(jobs), shutdown_on_exit=False
    )
    provider.add_span_processor(BoundedProcessor(exporter, pace.batch_seconds))

    def close() -> None:
        exporter.is_closing = True
        # A daemon: where the collector keeps it waiting, the process ends without it.
        closing = Thread(target=provider.shutdown, daemon=True, name="traces-closing")
        closing.start()
        closing.join(pace.close_seconds)

    return Tracer(provider.get_tracer("invoice-numbering", VERSION), close)


def _resource(jobs: Iterable[str]) -> Resource:
    """Which process the spans are of; variables of OpenTelemetry win."""
    ours = {
        "service.name": "invoice-numbering",
        "service.version": VERSION,
        "service.instance.id": random_uuid(),
        "numbering.jobs": sorted(jobs),
    }
    return Resource.create({**ours, **OTELResourceDetector().detect().attributes})


class CountedExporter(SpanExporter):
    """Counts what became of spans, and says once that the collector is away. One thread exports, one after another."""

    def __init__(self, exporter: SpanExporter, spans: Counter, place: str) -> None:
        """`place` is the address of the collector, safe to show."""
        self.left = 0
        """How many spans were sent or given up, ever."""
        self.is_closing = False
        self._exporter = exporter
        self._exported, self._dropped = spans.labels("exported"), spans.labels("dropped")
        self._place = place
        self._is_away = False

    def drop(self) -> None:
        """Count a span for which there is no room."""
        self._dropped.inc()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send these spans; while closing nothing more after the first failure."""
        result = SpanExportResult.FAILURE
        try:
            if not (self.is_closing and self._is_away):
                result = self._exporter.export(spans)
        finally:
            self.left += len(spans)
            self._note(len(spans), is_taken=result is SpanExportResult.SUCCESS)
        return result

    def shutdown(self) -> None:
        """Send nothing more."""
        self._exporter.shutdown()

    def _note(self, count: int, *, is_taken: bool) -> None:
        (self._exported if is_taken else self._dropped).inc(count)
        if is_taken and self._is_away:
            _say.info("traces.sent_again", to=self._place)
        elif not is_taken and not self._is_away:
            _say.warning("traces.dropped", text="the collector takes no spans; requests go on", to=self._place)
        self._is_away = not is_taken


class BoundedProcessor(BatchSpanProcessor):
    """Gives spans to the exporter's thread in batches, at most SPANS_MAX at a time. All spans end on one thread."""

    def __init__(self, exporter: CountedExporter, batch_seconds: float) -> None:
        super().__init__(
            exporter,
            max_queue_size=SPANS_MAX,
            schedule_delay_millis=batch_seconds * 1000,
            max_export_batch_size=BATCH_SPANS,
        )
        self._counted = exporter
        self._entered = 0

    def on_end(self, span: ReadableSpan) -> None:
        """Take the span, or drop and count it: OpenTelemetry would drop the oldest, and count nothing."""
        if self._entered - self._counted.left >= SPANS_MAX:
            self._counted.drop()
            return
        self._entered += 1
        super().on_end(span)
