"""The gauges of a process: what can be read at any moment when it is asked for, and the rest once a second."""

import asyncio
import math
import platform
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Final

import asyncpg

from schemas.values import Position, UnixSeconds
from service.checking.faults import FaultKind
from service.health import Finding, Health
from service.log.migrating.migrations import known_migrations
from service.metrics import Metrics
from service.readiness import EVIDENCE, PROJECTIONS, RELAY, SELF_CHECK, PartReport, Reports
from service.watching.looking import Looking, Place
from service.writer.writer import Writer

MEASURE_SECONDS: Final = 1.0
HEALTHS: Final[Mapping[Health, int]] = {Health.DOWN: 0, Health.DEGRADED: 1, Health.OK: 2}


def show_present(metrics: Metrics, writer: Writer, pools: Mapping[str, asyncpg.Pool]) -> None:
    """Say which release runs, and have queue, position and pools, by name, read whenever somebody asks."""
    newest = known_migrations()[-1]
    metrics.build_info.labels(version("invoice-numbering"), platform.python_version(), newest.name).set(1)
    metrics.queue_depth.set_function(lambda: writer.queue_depth)
    metrics.log_position.set_function(lambda: writer.known.state.position)
    for name, pool in pools.items():
        _show_pool(metrics, name, pool)


def _show_pool(metrics: Metrics, name: str, pool: asyncpg.Pool) -> None:
    metrics.pool_connections.labels(name, "used").set_function(lambda: pool.get_size() - pool.get_idle_size())
    metrics.pool_connections.labels(name, "idle").set_function(pool.get_idle_size)
    metrics.pool_connections_max.labels(name).set(pool.get_max_size())
    metrics.pool_waiting.labels(name).set_function(lambda: waiting_for(pool))


def waiting_for(pool: asyncpg.Pool) -> int:
    """How many tasks wait for a session. asyncpg has no member that tells (`tests/log/test_asyncpg_members.py`)."""
    return len(pool._queue._getters)  # type: ignore[attr-defined]


def show_health(metrics: Metrics) -> Callable[[Mapping[str, Finding]], None]:
    """What shows the findings of a health board, whenever it has looked."""

    def show(found: Mapping[str, Finding]) -> None:
        for part, finding in found.items():
            metrics.part_health.labels(part).set(HEALTHS[finding.health])

    return show


async def measure(
    metrics: Metrics,
    writer: Writer,
    looking: Looking,
    reports: Callable[[], Reports],
    clock: Callable[[], UnixSeconds],
    tell: Callable[[Reports], None] | None,
) -> None:
    """Keep the other gauges up to date until cancelled, and `tell` the reports; run it in a TaskGroup."""
    while True:
        found = reports()
        _measure_lags(metrics, looking, found, writer.known.state.position, clock())
        seen = looking.seen
        metrics.log_halted.set(math.nan if seen.is_halted is None else seen.is_halted)
        is_connected = None if looking.stream is None else looking.stream.is_connected
        metrics.nats_connected.set(math.nan if is_connected is None else is_connected)
        if SELF_CHECK in found:
            _measure_self_check(metrics, found[SELF_CHECK])
        metrics.evidence_stopped.set(any(report.is_stopped for report in found.values()))
        if tell is not None:
            tell(found)
        await asyncio.sleep(MEASURE_SECONDS)


def _measure_lags(metrics: Metrics, looking: Looking, found: Reports, known: Position, now: UnixSeconds) -> None:
    """Of parts that report here as often as this runs, of the others as often as `looking` looks."""
    events = {RELAY: metrics.relay_lag, EVIDENCE: metrics.evidence_lag}
    seconds = {RELAY: metrics.relay_lag_seconds, EVIDENCE: metrics.evidence_lag_seconds}
    for place in _places(found, looking):
        part, name = place
        report = found.get(part)
        if report is None:
            head, position = looking.seen.head, looking.seen.positions.get(place)
        else:
            head, position = report.head, report.positions[name]
        lag = _lag(head, position, known)
        of_events = events[part] if part in events else metrics.projection_lag.labels(name)
        of_seconds = seconds[part] if part in seconds else metrics.projection_lag_seconds.labels(name)
        of_events.set(lag)
        of_seconds.set(_age(lag, looking, place, now))


def _places(found: Reports, looking: Looking) -> list[Place]:
    reported = [
        (part, name) for part in (RELAY, PROJECTIONS, EVIDENCE) if part in found for name in found[part].positions
    ]
    return [*reported, *(place for place in looking.places if place[0] not in found)]


def _lag(head: Position | None, position: Position | None, known: Position) -> float:
    """How many events are missing, also while the part is frozen and only this process sees the log grow."""
    if head is None or position is None:
        return math.nan  # not 0, which would say that all is published: the relay has not seen both ends yet
    return max(0, head - position, known - position)


def _age(lag: float, looking: Looking, place: Place, now: UnixSeconds) -> float:
    """How long the oldest missing event waits, in seconds; one that came after the last look waits for 0 s yet."""
    if lag == 0 or math.isnan(lag):
        return lag
    if looking.seen.head is None:
        return math.nan
    since = looking.seen.waiting_since.get(place)
    return 0 if since is None else max(0, now - since)


def _measure_self_check(metrics: Metrics, report: PartReport) -> None:
    for kind in FaultKind:
        metrics.selfcheck_faults.labels(kind.value).set(report.faults.get(kind.value, 0))
    metrics.selfcheck_rounded_at.set(report.rounded_at or 0)
