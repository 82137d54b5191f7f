"""What needs no credential: what this is, whether it lives, whether it can answer, and its metrics."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from types import MappingProxyType
from typing import Final

import structlog
from aiohttp import web
from msgspec.structs import replace

from schemas.api.objects import ApiRoot
from service.web.envelope import EXCHANGE, Reply, failure, standard_headers, success
from service.web.errors import refusal_of
from service.web.parts import PARTS, Check, Health
from service.web.problems import Unavailable

CHECK_SECONDS_MAX: Final = 3.0

_VERSION: Final = version("invoice-numbering")
_say = structlog.get_logger(__name__)


async def describe_api(request: web.Request) -> web.StreamResponse:
    """GET /v1/."""
    root = ApiRoot(name="invoice-numbering", version=_VERSION, documentation="/docs")
    return success(request[EXCHANGE], Reply(root))


async def say_alive(request: web.Request) -> web.StreamResponse:
    """GET /healthz: the process answers; that is all it says."""
    return success(request[EXCHANGE], Reply({"status": "ok"}))


async def say_ready(request: web.Request) -> web.StreamResponse:
    """GET /readyz: each part by name; 503 if one is down without which nothing can be answered."""
    parts = await ask_all(request.app[PARTS].checks)
    down = [name for name, health in parts.items() if health is Health.DOWN]
    if not down:
        return success(request[EXCHANGE], Reply({"status": "ready", "parts": parts}))
    refusal = refusal_of(Unavailable(f"Down: {', '.join(down)}."))
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


OPEN_ROUTES: Final[Mapping[str, Callable[[web.Request], Awaitable[web.StreamResponse]]]] = MappingProxyType(
    {
        "/v1": describe_api,
        "/v1/": describe_api,
        "/v1/ping": say_alive,
        "/v1/version": describe_api,
        "/healthz": say_alive,
        "/readyz": say_ready,
        "/metrics": show_metrics,
    }
)
"""GET only, without a credential and without a limit."""
