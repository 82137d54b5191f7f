"""One process of the service: connects its parts, runs the chosen jobs together, and stops them in order."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import structlog
from msgspec import Struct

from projections.keeping.runner import ProjectionRunner
from service.access.event_proofs import EventProver
from service.access.key_file import KeyFile
from service.access.read_records import recording_reads
from service.checking.faults import Step
from service.checking.self_check import SelfCheck, SelfCheckPace
from service.clock import now
from service.comparing import Comparing
from service.configuration.settings import Settings
from service.health import Check, HealthBoard
from service.invariants import BrokenInvariants
from service.jobs import DECIDING, Job
from service.log.gate import Gate
from service.log.mark import MarkFile
from service.log.migrating.schema_fit import require_fit
from service.log.postgres_faults import read_faults
from service.log.postgres_log import PostgresLog
from service.log.sessions import end, open_pool
from service.metrics import Metrics, new_metrics
from service.nats.client.connection import NatsSettings
from service.nats.client.identity_files import require_identity
from service.nats.relay.relay import Relay
from service.readiness import (
    Elsewhere,
    Reports,
    checks,
    history_health,
    reports_of,
)
from service.sealing import Sealing, sealing_of
from service.stopping import Stopping, end_all
from service.supervisor import Supervisor
from service.tracing.start import tracer_of
from service.watching.gauges import measure, show_health, show_present
from service.watching.looking import Looking, looking_around
from service.watching.number_count import NumberCount
from service.watching.present import keep_present
from service.watching.server_check import server_check
from service.watching.stream_view import StreamView
from service.writer.batch import Plan
from service.writer.snapshot_keeper import SnapshotKeeper
from service.writer.sweeper import Sweeper
from service.writer.writer import Limits, Writer

if TYPE_CHECKING:
    from service.tracing.tracer import Tracer

READS_MAX: Final = 8
READ_SECONDS_MAX: Final = 15
COLLECT_AFTER: Final = (50_000, 20, 50)
"""How many more objects are made than freed before the youngest are looked at; and every how many times the older."""

_say = structlog.get_logger(__name__)


class MissingSettingError(Exception):
    """A job needs a setting that is not given; the message names the setting."""


class Wiring(Struct, frozen=True):
    """The objects of this process that use each other."""

    settings: Settings
    metrics: Metrics
    log: PostgresLog
    reads: asyncpg.Pool
    writer: Writer
    relay: Relay | None
    runner: ProjectionRunner | None
    sealing: Sealing | None
    self_check: SelfCheck | None
    gate: Gate
    comparing: Comparing
    invariants: BrokenInvariants
    reports: Callable[[], Reports]
    health: dict[str, Check]
    board: HealthBoard
    looking: Looking
    tracer: "Tracer | None"


async def run_service(
    settings: Settings,
    jobs: frozenset[Job],
    on_ready: Callable[[], None],
    *,
    elsewhere: Elsewhere | None = None,
    tell: Callable[[Reports], None] | None = None,
    supervisor: Supervisor | None = None,
) -> None:
    """Run the jobs until SIGINT or SIGTERM; `on_ready` is called when all of them run, those of `elsewhere` too.

    `tell` is called every second with how relay, sealer and projections are, as far as they run here. `supervisor`
    hears when all run, that the process lives, and that it stops.

    Raises MissingSettingError, EvidenceKeysError, WitnessesError, RootsError, SchemaUnfitError, LogUnavailableError,
    DurabilityError and ClockError before anything runs, and SettingsError if the address cannot be had. A broken
    invariant is an AssertionError in an exception group, also one that a handler reported to `BrokenInvariants`: it
    ends the process, and the supervisor starts it again from the log.
    """
    stopping, supervisor = Stopping.at_signals(), supervisor or Supervisor()
    async with _wired(settings, jobs, elsewhere) as wiring, asyncio.TaskGroup() as group:
        measuring = measure(wiring.metrics, wiring.writer, wiring.looking, wiring.reports, now, tell)
        tasks = [group.create_task(each) for each in (measuring, supervisor.feed_watchdog(), *_running(wiring, jobs))]
        if jobs & DECIDING:
            await wiring.comparing.compare()  # no number is issued before this has agreed
            await wiring.writer.known.read()  # else the first caller waits while the whole log is read
            await wiring.comparing.keep_mark()
        if elsewhere is not None:
            await elsewhere.started()  # else the first list of invoices may find no projections
        async with _answering(wiring, jobs):
            _pace_the_collector()
            on_ready()
            supervisor.say_ready(f"running {', '.join(sorted(jobs))}")
            await stopping.asked()
            await stopping.drain(settings.drain_seconds if Job.WEB in jobs else 0, wiring.health, supervisor)
        await wiring.comparing.keep_mark()
        if jobs & DECIDING:
            await SnapshotKeeper(wiring.log, wiring.writer.known).keep_at_stop()
        # Every request that was taken, by HTTP or NATS, is answered by now, so the other jobs can stop at once.
        await end_all(tasks)


def _pace_the_collector() -> None:
    """Let the garbage collector pass over what is there for good, and look less often at what comes.

    What a request makes holds few cycles and is gone with its last reference. The collector took a tenth of the
    processor time of a busy process, most of it to look again at modules, routes and the state of the log.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


@asynccontextmanager
async def _wired(settings: Settings, jobs: frozenset[Job], elsewhere: Elsewhere | None) -> AsyncGenerator[Wiring]:
    if settings.database is None:
        raise MissingSettingError("NUMBERING_DATABASE_URL is not set; `numbering up` starts a PostgreSQL of its own")
    await require_fit(settings.database)
    log = await PostgresLog.open(settings.database)
    try:
        await log.head()
        reads = await _reading_pool(settings.database)
        try:
            wiring = _wire(settings, jobs, log, reads, elsewhere)
            try:
                yield wiring
            finally:
                if wiring.tracer is not None:
                    await asyncio.to_thread(wiring.tracer.close)
        finally:
            end(reads)
    finally:
        await log.close()


async def _reading_pool(database_url: str) -> asyncpg.Pool:
    """Connections that may read the log and the projections, and nothing else."""
    with read_faults():
        return await open_pool(
            database_url,
            "numbering_reader",
            "numbering reports",
            sizes=(0, READS_MAX),
            seconds_max=READ_SECONDS_MAX,
            synchronous_commit="off",  # it commits nothing but a message to the projections, which waits for no standby
        )


def _wire(
    settings: Settings, jobs: frozenset[Job], log: PostgresLog, reads: asyncpg.Pool, elsewhere: Elsewhere | None
) -> Wiring:
    metrics = new_metrics()
    tracer = tracer_of(settings, jobs, metrics.trace_spans)
    relay = _relay(settings, log, tracer) if Job.RELAY in jobs else None
    runner = ProjectionRunner(settings.database or "") if Job.PROJECT in jobs else None
    nats = nats_settings(settings) if settings.nats is not None else None
    sealing = sealing_of(settings, log, nats) if Job.SEAL in jobs else None
    sealer = None if sealing is None else sealing.sealer
    self_check = _self_check(settings, log) if Job.PROJECT in jobs and settings.check_rate else None

    def reports() -> Reports:
        return {**reports_of(relay, runner, sealer, self_check), **({} if elsewhere is None else elsewhere.latest())}

    keep_present(metrics, jobs, reports(), has_nats=nats is not None, has_traces=tracer is not None)
    gate = Gate()
    writer = Writer(log, clock=now, limits=_limits(settings), gate=gate, on_append=_counting(metrics, relay, tracer))
    comparing = _comparing(settings, log, gate, writer, nats)
    show_present(metrics, writer, {"writer": log.pool, "reader": reads})
    health = _health(jobs, log, reports, writer, gate, MarkFile(settings.data_dir, log.log_id))
    return Wiring(
        settings,
        metrics,
        log,
        reads,
        writer,
        relay,
        runner,
        sealing,
        self_check,
        gate,
        comparing,
        BrokenInvariants(),
        reports,
        health,
        HealthBoard(health, on_found=show_health(metrics)),
        Looking(log, reads, None if nats is None else StreamView(nats, log.log_id), reports),
        tracer,
    )


def _health(
    jobs: frozenset[Job], log: PostgresLog, reports: Callable[[], Reports], writer: Writer, gate: Gate, marks: MarkFile
) -> dict[str, Check]:
    """The checks of /readyz; who takes requests adds to them."""
    health = checks(log, reports, gate, lambda: writer.known.unreadable)
    if not jobs & DECIDING:
        del health["log"]  # it has no numbers to write, and no gate: what it writes needs the right server
        health["postgres"] = server_check(log, marks)
    return health


def _counting(metrics: Metrics, relay: Relay | None, tracer: "Tracer | None") -> Callable[[Plan], None]:
    """What is done about each append: count it, record its span, and wake the relay."""
    numbers = NumberCount(metrics.numbers)

    def on_append(written: Plan) -> None:
        metrics.batch_commands.observe(len(written.results))
        metrics.append_seconds.observe(written.seconds)
        numbers.add(written.batch.records)
        if tracer is not None:
            tracer.appended(written)
        if relay is not None:
            relay.wake.set()

    return on_append


def _comparing(
    settings: Settings, log: PostgresLog, gate: Gate, writer: Writer, nats: NatsSettings | None
) -> Comparing:
    marks = MarkFile(settings.data_dir, log.log_id)
    return Comparing(log, gate, marks, nats, known=lambda: writer.known.state.position, clock=now)


def _self_check(settings: Settings, log: PostgresLog) -> SelfCheck:
    def begin() -> AsyncGenerator[Step]:
        from service.checking.rounds import one_round  # noqa: PLC0415 - half of the service, which `project` needs late

        return one_round(settings, log.log_id)

    return SelfCheck(begin, log.log_id, pace=SelfCheckPace(rate=settings.check_rate), clock=now)


def _relay(settings: Settings, log: PostgresLog, tracer: "Tracer | None") -> Relay:
    prover = EventProver.of(KeyFile(settings.keys_path))
    replicas = settings.stream_replicas
    return Relay(log, nats_settings(settings), clock=now, prover=prover, replicas=replicas, tracer=tracer)


def nats_settings(settings: Settings) -> NatsSettings:
    """The address of NATS and our credentials there. Raises MissingSettingError and IdentityFileError."""
    if settings.nats is None:
        raise MissingSettingError("NUMBERING_NATS_URL is not set; `numbering up` starts a NATS server of its own")
    of_nats = nats_of(settings)
    require_identity(of_nats)
    return of_nats


def nats_of(settings: Settings) -> NatsSettings:
    """What the settings say of NATS, also where they name no server; the files are not looked at."""
    return NatsSettings(
        url=settings.nats or "",
        credentials_file=settings.nats_credentials_file,
        nkey_seed_file=settings.nats_nkey_seed_file,
        tls_ca_file=settings.nats_ca_file,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        queue_max=settings.queue_max,
        batch_max=settings.batch_max,
        wait_seconds_max=settings.command_timeout_seconds,
    )


def _running(wiring: Wiring, jobs: frozenset[Job]) -> list[Coroutine[Any, Any, None]]:
    running: list[Coroutine[Any, Any, None]] = [
        wiring.invariants.raise_reported(),
    ]
    if jobs & DECIDING:
        running.append(wiring.comparing.run())
        running.append(wiring.writer.run())
        running.append(SnapshotKeeper(wiring.log, wiring.writer.known).run())
    if Job.SWEEP in jobs:
        running.append(_sweeper(wiring).run())
    if wiring.relay is not None:
        running.append(wiring.relay.run())
    if wiring.runner is not None:
        running.append(wiring.runner.run())
    if wiring.sealing is not None:
        running.extend(wiring.sealing.running())
    if wiring.self_check is not None:
        running.append(wiring.self_check.run())
    return running


def _sweeper(wiring: Wiring) -> Sweeper:
    def on_sweep(numbers: int) -> None:
        wiring.metrics.sweeps.inc()
        wiring.metrics.expired_numbers.inc(numbers)

    period = wiring.settings.sweep_seconds
    return Sweeper(wiring.writer.known, wiring.writer, clock=now, period_seconds=period, on_sweep=on_sweep)


@asynccontextmanager
async def _answering(wiring: Wiring, jobs: frozenset[Job]) -> AsyncGenerator[None]:
    """Take requests by HTTP and NATS for the life of the block; then answer those that were taken."""
    async with AsyncExitStack() as stack:
        if jobs & {Job.WEB, Job.REQUESTS}:
            await stack.enter_async_context(_taking_requests(wiring, jobs))
        if wiring.settings.metrics_port:
            await stack.enter_async_context(_watched(wiring, wiring.settings.metrics_port))
        if Job.WEB in jobs or wiring.settings.metrics_port:
            await stack.enter_async_context(looking_around(wiring.looking, wiring.board))
        yield


@asynccontextmanager
async def _watched(wiring: Wiring, port: int) -> AsyncGenerator[None]:
    """Answer those who watch the process. One that nobody watches imports no web server."""
    from service.web.health_server import watched  # noqa: PLC0415 - see above

    async with watched(wiring.board, wiring.metrics, wiring.settings.host, port):
        yield


@asynccontextmanager
async def _taking_requests(wiring: Wiring, jobs: frozenset[Job]) -> AsyncGenerator[None]:
    """Take requests for the life of the block. A process that takes none imports a quarter less: it starts sooner."""
    from service.carriers import answering_http, answering_nats, entrance_of  # noqa: PLC0415 - see above

    entrance = entrance_of(
        wiring.settings,
        wiring.log,
        wiring.reads,
        wiring.writer,
        wiring.metrics,
        wiring.invariants,
        wiring.tracer,
    )
    wiring.health["history"] = history_health(entrance.dependencies.lost_history, wiring.writer.known)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(recording_reads(entrance.dependencies.read_recorder))
        if Job.REQUESTS in jobs:
            await stack.enter_async_context(answering_nats(entrance, nats_settings(wiring.settings), wiring.health))
        if Job.WEB in jobs:
            await stack.enter_async_context(answering_http(entrance, wiring.board))
        yield
