"""What needs no credential: what this is, whether it lives, whether it can answer, and its metrics."""

import asyncio
from collections.abc import Callable, Mapping
from importlib.metadata import version
from time import monotonic
from typing import Final, Literal

import structlog
from aiohttp import web
from msgspec.structs import replace

from schemas.api.objects import Alive, ApiRoot, Readiness
from service.api.parts import PARTS, Check, Health
from service.api.refusals.causes import Unavailable
from service.api.refusals.table import refusal_of
from service.api.reply import EXCHANGE, Reply, failure, standard_headers, success
from service.api.route import OpenRoute

CHECK_SECONDS_MAX: Final = 3.0
FRESH_SECONDS: Final = 1.0
"""For so long an answer of /readyz is given again: it has no limit, and must not be a way to flood PostgreSQL."""

_VERSION: Final = version("invoice-numbering")
_say = structlog.get_logger(__name__)


class Readings:
    """How every part is, asked for all who want to know: one at a time, and not again while the answer is fresh."""

    def __init__(self, checks: Mapping[str, Check], clock: Callable[[], float] = monotonic) -> None:
        """`clock` tells seconds that only go forward."""
        self._checks = checks
        self._clock = clock
        self._turn = asyncio.Lock()
        self._read_at = float("-inf")
        self._parts: dict[str, Health] = {}

    async def latest(self) -> Mapping[str, Health]:
        """How every part was at most FRESH_SECONDS ago."""
        async with self._turn:
            if self._clock() - self._read_at >= FRESH_SECONDS:
                self._parts = await ask_all(self._checks)
                self._read_at = self._clock()
            return self._parts


READINGS: Final = web.AppKey("readings", Readings)


async def describe_api(request: web.Request) -> web.StreamResponse:
    """GET /v1/."""
    root = ApiRoot(name="invoice-numbering", version=_VERSION, documentation="/docs")
    return success(request[EXCHANGE], Reply(root))


async def say_alive(request: web.Request) -> web.StreamResponse:
    """GET /healthz: the process answers; that is all it says."""
    return success(request[EXCHANGE], Reply(Alive()))


async def say_ready(request: web.Request) -> web.StreamResponse:
    """GET /readyz: each part by name; 503 if one is down without which nothing can be answered."""
    parts = await request.app[READINGS].latest()
    up: dict[str, Literal["ok", "degraded"]] = {
        name: "ok" if health is Health.OK else "degraded" for name, health in parts.items() if health is not Health.DOWN
    }
    if len(up) == len(parts):
        return success(request[EXCHANGE], Reply(Readiness(parts=up)))
    refusal = refusal_of(Unavailable(f"Down: {', '.join(sorted(set(parts) - set(up)))}."))
    return failure(request[EXCHANGE], replace(refusal, errors={name: str(health) for name, health in parts.items()}))


async def show_metrics(request: web.Request) -> web.StreamResponse:
    """GET /metrics: the Prometheus text format."""
    parts = request.app[PARTS]
    parts.metrics.queue_depth.set(parts.writer.queue_depth)
    parts.metrics.log_position.set(parts.writer.state.position)
    headers = standard_headers(request[EXCHANGE]) | {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    return web.Response(body=parts.metrics.text(), headers=headers)


async def ask_all(checks: Mapping[str, Check]) -> dict[str, Health]:
    """How every part is; one that does not answer in time is down."""
    found = await asyncio.gather(*(_ask(name, check) for name, check in checks.items()))
    return dict(zip(checks, found, strict=True))


async def _ask(name: str, check: Check) -> Health:
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            return await check()
    except Exception as error:  # noqa: BLE001 - whatever a check fails with, its part is down and the others are asked
        _say.warning("a part does not answer", part=name, fault=repr(error))
        return Health.DOWN


OPEN_ROUTES: Final = (
    OpenRoute(path="/v1", handle=describe_api, summary="What this is", reply=ApiRoot),
    OpenRoute(path="/v1/", handle=describe_api, summary="What this is", reply=ApiRoot),
    OpenRoute(path="/v1/ping", handle=say_alive, summary="Whether the process answers", reply=Alive),
    OpenRoute(path="/v1/version", handle=describe_api, summary="What this is", reply=ApiRoot),
    OpenRoute(path="/healthz", handle=say_alive, summary="Whether the process answers", reply=Alive),
    OpenRoute(
        path="/readyz", handle=say_ready, summary="Whether each part is there", reply=Readiness, refusals=(Unavailable,)
    ),
    OpenRoute(path="/metrics", handle=show_metrics, summary="Metrics in the Prometheus text format"),
)
