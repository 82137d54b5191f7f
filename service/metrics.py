"""What the service counts and measures, as one frozen object; each process makes one and hands it to its parts."""

from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REQUEST_LABELS: Final = ("carrier", "method", "route", "status")
BATCHES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True, slots=True)
class Metrics:
    """Every metric of one process, on a registry of its own."""

    registry: CollectorRegistry
    requests: Counter = field(init=False)
    request_seconds: Histogram = field(init=False)
    rejections: Counter = field(init=False)
    batch_commands: Histogram = field(init=False)
    append_seconds: Histogram = field(init=False)
    queue_depth: Gauge = field(init=False)
    log_position: Gauge = field(init=False)
    relay_lag: Gauge = field(init=False)
    projection_lag: Gauge = field(init=False)
    sweeps: Counter = field(init=False)
    expired_numbers: Counter = field(init=False)

    def __post_init__(self) -> None:
        """Register them; the labels are the code's own words, never a client's, so their number is bounded."""
        made: dict[str, Counter | Gauge | Histogram] = {
            "requests": self._counter(
                "requests", "Requests answered, over HTTP and NATS", "carrier", "method", "route", "status"
            ),
            "request_seconds": self._histogram(
                "request_seconds", "Time to answer a request", SECONDS, "carrier", "route"
            ),
            "rejections": self._counter("rejections", "Requests refused, by error code", "code"),
            "batch_commands": self._histogram("batch_commands", "Commands in one append", BATCHES),
            "append_seconds": self._histogram("append_seconds", "Time of one append, commit included", SECONDS),
            "queue_depth": self._gauge("queue_depth", "Commands that wait for the writer"),
            "log_position": self._gauge("log_position", "The last position this process knows"),
            "relay_lag": self._gauge("relay_lag_events", "Events of the log that are not in the stream yet"),
            "projection_lag": self._gauge("projection_lag_events", "Events a projection has not seen", "projection"),
            "sweeps": self._counter("sweeps", "Sweeps for overdue reservations"),
            "expired_numbers": self._counter("expired_numbers", "Numbers recorded as expired by this process"),
        }
        for name, metric in made.items():
            object.__setattr__(self, name, metric)

    def text(self) -> bytes:
        """All of them in the Prometheus text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"numbering_{name}", about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"numbering_{name}", about, labels, registry=self.registry)

    def _histogram(self, name: str, about: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"numbering_{name}", about, labels, buckets=buckets, registry=self.registry)


def new_metrics() -> Metrics:
    """The metrics of this process, all at zero."""
    return Metrics(CollectorRegistry(auto_describe=True))
