"""A port for those who watch a process, whatever its jobs: /healthz, /readyz and /metrics, without credential."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from aiohttp import web

from service.configuration.setting_kinds import SettingsError
from service.configuration.settings import cannot_listen
from service.health import Health, HealthBoard
from service.metrics import Metrics
from service.web.health import METRICS_TYPE

SHUTDOWN_SECONDS: Final = 1


@asynccontextmanager
async def watched(board: HealthBoard, metrics: Metrics, host: str, port: int) -> AsyncGenerator[int]:
    """Answer on this port for the life of the block; yields the bound port. Raises SettingsError if it is taken."""
    application = web.Application()
    application.on_response_prepare.append(_unkept_and_unsniffed)
    application.router.add_get("/healthz", _alive)
    application.router.add_get("/readyz", _readiness(board))
    application.router.add_get("/metrics", _metrics(metrics))
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except (OSError, UnicodeError) as error:
            raise SettingsError(cannot_listen(host, port, error, "NUMBERING_METRICS_PORT")) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def _unkept_and_unsniffed(_: web.Request, response: web.StreamResponse) -> None:
    """No cache may keep what is true only now, and no browser may guess another type than the one that is said."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"


async def _alive(_: web.Request) -> web.StreamResponse:
    return web.json_response({"status": "ok"})


def _readiness(board: HealthBoard) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_: web.Request) -> web.StreamResponse:
        parts, reasons = await board.latest(), board.reasons()
        said = {"parts": parts} | ({"because": reasons} if reasons else {})
        status = 503 if Health.DOWN in parts.values() else 200
        return web.Response(body=msgspec.json.encode(said), status=status, content_type="application/json")

    return answer


def _metrics(metrics: Metrics) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=metrics.text(), headers={"Content-Type": METRICS_TYPE})

    return answer
