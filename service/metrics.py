"""What the service counts and measures, as one frozen object; each process makes one and hands it to its parts."""

from collections.abc import Iterable
from typing import Annotated, Any, Final, get_args, get_type_hints

from msgspec import Struct
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Metric,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics import MetricWrapperBase

NAMESPACE: Final = "numbering"
SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REQUEST_LABELS: Final = ("carrier", "method", "route", "status")
BATCHES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Family(Struct, frozen=True):
    """The name of a metric without its namespace, what it says, its labels, and the buckets of a histogram."""

    name: str
    says: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


class Metrics(Struct, frozen=True):
    """Every metric of one process, on a registry of its own.

    Labels are the code's own words, never a client's, so that their number is bounded.
    """

    registry: CollectorRegistry
    build_info: Annotated[
        Gauge, Family("build_info", "1: the release, its Python, its newest migration", ("version", "python", "schema"))
    ]
    part_health: Annotated[
        Gauge,
        Family("part_health", "A part of /readyz when it was last looked at: 0 down, 1 degraded, 2 ok", ("part",)),
    ]
    requests: Annotated[Counter, Family("requests", "Requests answered, over HTTP and NATS", REQUEST_LABELS)]
    request_seconds: Annotated[
        Histogram, Family("request_seconds", "Time to answer a request", ("carrier", "route"), SECONDS)
    ]
    rejections: Annotated[Counter, Family("rejections", "Requests refused, by error code", ("code",))]
    auth_failures: Annotated[
        Counter,
        Family(
            "auth_failures", "Requests that their credential did not let in: missing, invalid, expired", ("reason",)
        ),
    ]
    replayed_answers: Annotated[
        Counter, Family("replayed_answers", "Repeats under an Idempotency-Key that got the first answer", ("carrier",))
    ]
    http_connections: Annotated[Gauge, Family("http_connections", "Open HTTP connections of callers")]
    numbers: Annotated[
        Counter,
        Family(
            "numbers", "Numbers that this process took (pending), and that it gave each other fate later", ("fate",)
        ),
    ]
    batch_commands: Annotated[Histogram, Family("batch_commands", "Commands in one append", (), BATCHES)]
    append_seconds: Annotated[Histogram, Family("append_seconds", "Time of one append, commit included", (), SECONDS)]
    queue_depth: Annotated[Gauge, Family("queue_depth", "Commands that wait for the writer")]
    log_position: Annotated[Gauge, Family("log_position", "The last position this process knows")]
    log_halted: Annotated[Gauge, Family("log_halted", "1 if the log is halted; NaN while PostgreSQL does not say")]
    nats_connected: Annotated[
        Gauge, Family("nats_connected", "1 if NATS answered this process when last asked; NaN before")
    ]
    relay_lag: Annotated[
        Gauge,
        Family("relay_lag_events", "Events of the log that are not in the stream; NaN while either cannot be seen"),
    ]
    relay_lag_seconds: Annotated[
        Gauge, Family("relay_lag_seconds", "Age of the oldest of them, 0 if there is none; NaN likewise")
    ]
    projection_lag: Annotated[
        Gauge,
        Family(
            "projection_lag_events", "Events a projection has not seen; NaN while it cannot be seen", ("projection",)
        ),
    ]
    projection_lag_seconds: Annotated[
        Gauge,
        Family(
            "projection_lag_seconds", "Age of the oldest of them, 0 if there is none; NaN likewise", ("projection",)
        ),
    ]
    evidence_lag: Annotated[
        Gauge,
        Family(
            "evidence_lag_events", "Events that no signed note covers; NaN while it cannot be seen, or none was signed"
        ),
    ]
    evidence_lag_seconds: Annotated[
        Gauge, Family("evidence_lag_seconds", "Age of the oldest of them, 0 if there is none; NaN likewise")
    ]
    evidence_stopped: Annotated[
        Gauge, Family("evidence_stopped", "1 if the sealer stopped because the database was rewritten")
    ]
    pool_connections: Annotated[
        Gauge, Family("pool_connections", "Sessions with PostgreSQL that are used, or idle", ("pool", "state"))
    ]
    pool_connections_max: Annotated[Gauge, Family("pool_connections_max", "The most sessions of a pool", ("pool",))]
    pool_waiting: Annotated[Gauge, Family("pool_waiting", "Tasks that wait for a session of a pool", ("pool",))]
    selfcheck_faults: Annotated[
        Gauge, Family("selfcheck_faults", "Places where the database was found rewritten, by what was", ("kind",))
    ]
    selfcheck_rounded_at: Annotated[
        Gauge,
        Family(
            "selfcheck_last_round_timestamp_seconds", "When the last full round of the self-check ended; 0 before that"
        ),
    ]
    sweeps: Annotated[Counter, Family("sweeps", "Sweeps for overdue reservations")]
    expired_numbers: Annotated[Counter, Family("expired_numbers", "Numbers recorded as expired by this process")]
    lost_history_tokens: Annotated[
        Counter,
        Family("lost_history_tokens", "Tokens of ours whose block the log does not have: it may have lost its tail"),
    ]
    audit_reads: Annotated[Counter, Family("audit_reads", "Requests of auditors that were recorded")]
    audit_reads_lost: Annotated[
        Counter, Family("audit_reads_lost", "Requests of auditors whose record the database did not take")
    ]
    trace_spans: Annotated[Counter, Family("trace_spans", "Spans by what became of them: exported, dropped", ("fate",))]

    def leave_out(self, *absent: MetricWrapperBase) -> None:
        """Show these no more: they are of parts that this process has not, and 0 would say that all is well there."""
        for each in absent:
            self.registry.unregister(each)

    def text(self) -> bytes:
        """All of them in the Prometheus text format, and those of Python and of the system's process."""
        return generate_latest(_WithoutBirths(self.registry))


class _WithoutBirths:
    """A registry without the series `_created`, which say when a series began and double their number.

    The client library has a switch for them, which is the whole process's and not the registry's.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        """Every family of the registry; those that are changed here were made for this call."""
        for family in self._registry.collect():
            if family.type in {"counter", "histogram"}:
                family.samples = [each for each in family.samples if not each.name.endswith("_created")]
            yield family


def new_metrics() -> Metrics:
    """The metrics of this process, all at zero."""
    registry = CollectorRegistry(auto_describe=True)
    hints = get_type_hints(Metrics, include_extras=True)
    made = {field: _made(*get_args(hint), registry=registry) for field, hint in hints.items() if field != "registry"}
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return Metrics(registry=registry, **made)


def _made(kind: Any, family: Family, *, registry: CollectorRegistry) -> Any:
    more = {"buckets": family.buckets} if family.buckets else {}
    return kind(family.name, family.says, family.labels, namespace=NAMESPACE, registry=registry, **more)
