"""Serving over TCP: limits on headers and patience, and the envelope even for what is not HTTP."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from schemas.values import UnixSeconds
from service.web.envelope import Exchange, failure
from service.web.errors import refusal_of
from service.web.parts import LIMIT, PARTS
from service.web.problems import RequestUnreadable, Unexpected

KEEP_ALIVE_SECONDS: Final = 75
"""Also how long a connection may take to send its first headers."""

SHUTDOWN_SECONDS: Final = 15
HEADER_LINE_BYTES_MAX: Final = 8_190
HEADERS_MAX: Final = 100

_say = structlog.get_logger(__name__)


async def serve_web(application: web.Application, host: str, port: int) -> None:
    """Serve until cancelled; then take no more connections and finish what is running, for 15 seconds at most.

    Raises OSError if the address is not free.
    """
    async with serving(application, host, port) as bound:
        _say.info("serving HTTP", host=host, port=bound)
        await asyncio.get_running_loop().create_future()


@asynccontextmanager
async def serving(application: web.Application, host: str, port: int) -> AsyncGenerator[int]:
    """Serve for the life of the block; the port that was bound, also if `port` is 0. Raises OSError."""
    runner = _Runner(
        application,
        access_log=None,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
        shutdown_timeout=SHUTDOWN_SECONDS,
        max_line_size=HEADER_LINE_BYTES_MAX,
        max_field_size=HEADER_LINE_BYTES_MAX,
        max_headers=HEADERS_MAX,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class _Connection(RequestHandler):
    """One connection. What cannot be parsed never reaches the application, so it is answered here."""

    __slots__ = ("_application",)

    def __init__(self, manager: web.Server, application: web.Application, **options: Any) -> None:
        super().__init__(manager, **options)
        self._application = application

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The envelope, and the end of the connection."""
        exchange = Exchange()
        now = UnixSeconds(self._application[PARTS].clock())
        exchange.allowance = self._application[LIMIT].look(f"address:{request.remote}", now)
        if status == 500:
            _say.error("a request failed", request_id=exchange.request_id, exc_info=exc)
        response = failure(exchange, refusal_of(Unexpected() if status == 500 else RequestUnreadable()))
        response.force_close()
        return response


class _Server(web.Server):
    """Makes connections of ours."""

    def __init__(self, of: web.Server, application: web.Application, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(of.request_handler, request_factory=of.request_factory, loop=loop, **of._kwargs)
        self._application = application

    def __call__(self) -> RequestHandler:
        """One more connection."""
        return _Connection(self, self._application, loop=self._loop, **self._kwargs)


class _Runner(web.AppRunner):
    """aiohttp offers no public way to choose the class of connections; this override of two lines is ours."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made, self.app, asyncio.get_running_loop())
