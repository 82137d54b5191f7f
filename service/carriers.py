"""Both carriers before one entrance: HTTP and NATS, for a process that takes requests."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from service.access.callers import Access
from service.access.identity_provider import IdentityKeys
from service.access.key_file import KeyFile
from service.access.lost_history import LostHistory
from service.access.read_records import ReadRecorder
from service.access.reservation_tokens import TokenSealer
from service.api.calling.dependencies import Dependencies
from service.api.entrance import Entrance
from service.clock import now
from service.configuration.settings import Settings
from service.health import Check, Health, HealthBoard
from service.invariants import BrokenInvariants
from service.log.postgres_log import PostgresLog
from service.metrics import Metrics
from service.nats.client.connection import NatsSettings
from service.nats.requests.endpoint import RequestsEndpoint, answering_requests
from service.nats.requests.operations import Operations
from service.writer.writer import Writer

if TYPE_CHECKING:
    from service.tracing.tracer import Tracer


def entrance_of(
    settings: Settings,
    log: PostgresLog,
    reads: asyncpg.Pool,
    writer: Writer,
    metrics: Metrics,
    invariants: BrokenInvariants,
    tracer: "Tracer | None" = None,
) -> Entrance:
    """The one entrance for every request, whatever carries it. Raises JwksError."""
    keys = KeyFile(settings.keys_path)
    access = Access(
        log.pool, keys, cache_seconds=settings.access_cache_seconds, clock=now, identity=_identity(settings)
    )
    dependencies = Dependencies(
        writer=writer,
        log=log,
        access=access,
        sealer=TokenSealer.of(keys),
        lost_history=LostHistory(log.log_id, metrics.lost_history_tokens.inc),
        settings=settings,
        reads=reads,
        metrics=metrics,
        clock=now,
        read_recorder=ReadRecorder(
            log.pool,
            keep_days=settings.audit_reads_days,
            clock=now,
            on_written=metrics.audit_reads.inc,
            on_dropped=metrics.audit_reads_lost.inc,
        ),
        tracer=tracer,
    )
    return Entrance(dependencies, invariants.report)


@asynccontextmanager
async def answering_nats(entrance: Entrance, nats: NatsSettings, health: dict[str, Check]) -> AsyncGenerator[None]:
    """Answer requests over NATS for the life of the block, and add their health."""
    operations = Operations(entrance)
    endpoint = RequestsEndpoint(nats, operations.answer, operations.overload, is_known=operations.is_known)

    async def check() -> Health:  # HTTP goes on without them
        return Health.OK if endpoint.status().is_serving else Health.DEGRADED

    health["requests"] = check
    async with answering_requests(endpoint):
        yield


@asynccontextmanager
async def answering_http(entrance: Entrance, board: HealthBoard) -> AsyncGenerator[None]:
    """Serve HTTP for the life of the block. A process without this job imports no web application and makes no page."""
    from service.web.application import WebApplication  # noqa: PLC0415 - see above
    from service.web.server import serving  # noqa: PLC0415 - see above

    settings = entrance.dependencies.settings
    async with serving(WebApplication(entrance, board), settings.host, settings.port):
        yield


def _identity(settings: Settings) -> IdentityKeys | None:
    """The keys of the identity provider, if a setting names their file. Raises JwksError."""
    if settings.jwks_file is None:
        return None
    return IdentityKeys(settings.jwks_file, issuer=settings.jwks_issuer, audience=settings.jwks_audience)
