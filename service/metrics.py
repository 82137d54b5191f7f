"""What the service counts and measures, as one frozen object; each process makes one and hands it to its parts."""

from functools import partial
from typing import Final

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics import MetricWrapperBase

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REQUEST_LABELS: Final = ("carrier", "method", "route", "status")
BATCHES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics(Struct, frozen=True):
    """Every metric of one process, on a registry of its own.

    Labels are the code's own words, never a client's, so that their number is bounded.
    """

    registry: CollectorRegistry
    requests: Counter
    request_seconds: Histogram
    rejections: Counter
    batch_commands: Histogram
    append_seconds: Histogram
    queue_depth: Gauge
    log_position: Gauge
    relay_lag: Gauge
    projection_lag: Gauge
    evidence_lag: Gauge
    evidence_stopped: Gauge
    selfcheck_faults: Gauge
    selfcheck_rounded_at: Gauge
    sweeps: Counter
    expired_numbers: Counter
    lost_history_tokens: Counter
    audit_reads: Counter
    audit_reads_lost: Counter
    trace_spans: Counter

    def leave_out(self, *absent: MetricWrapperBase) -> None:
        """Show these no more: they are of parts that this process has not, and 0 would say that all is well there."""
        for each in absent:
            self.registry.unregister(each)

    def text(self) -> bytes:
        """All of them in the Prometheus text format."""
        return generate_latest(self.registry)


def new_metrics() -> Metrics:
    """The metrics of this process, all at zero."""
    registry = CollectorRegistry(auto_describe=True)
    counter = partial(Counter, namespace="numbering", registry=registry)
    gauge = partial(Gauge, namespace="numbering", registry=registry)
    histogram = partial(Histogram, namespace="numbering", registry=registry)
    return Metrics(
        registry=registry,
        requests=counter("requests", "Requests answered, over HTTP and NATS", REQUEST_LABELS),
        request_seconds=histogram("request_seconds", "Time to answer a request", ("carrier", "route"), buckets=SECONDS),
        rejections=counter("rejections", "Requests refused, by error code", ("code",)),
        batch_commands=histogram("batch_commands", "Commands in one append", buckets=BATCHES),
        append_seconds=histogram("append_seconds", "Time of one append, commit included", buckets=SECONDS),
        queue_depth=gauge("queue_depth", "Commands that wait for the writer"),
        log_position=gauge("log_position", "The last position this process knows"),
        relay_lag=gauge("relay_lag_events", "Events of the log that are not in the stream yet"),
        projection_lag=gauge("projection_lag_events", "Events a projection has not seen", ("projection",)),
        evidence_lag=gauge("evidence_lag_events", "Events of the log that no signed note covers yet"),
        evidence_stopped=gauge("evidence_stopped", "1 if the sealer stopped because the database was rewritten"),
        selfcheck_faults=gauge(
            "selfcheck_faults", "Places where the database was found rewritten, by what was", ("kind",)
        ),
        selfcheck_rounded_at=gauge(
            "selfcheck_last_round_timestamp_seconds", "When the last full round of the self-check ended; 0 before that"
        ),
        sweeps=counter("sweeps", "Sweeps for overdue reservations"),
        expired_numbers=counter("expired_numbers", "Numbers recorded as expired by this process"),
        lost_history_tokens=counter(
            "lost_history_tokens", "Tokens of ours whose block the log does not have: it may have lost its tail"
        ),
        audit_reads=counter("audit_reads", "Requests of auditors that were recorded"),
        audit_reads_lost=counter("audit_reads_lost", "Requests of auditors whose record the database did not take"),
        trace_spans=counter("trace_spans", "Spans by what became of them: exported, dropped", ("fate",)),
    )
