"""Serves HTTP over TCP for the life of a block."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from service.api.refusals.causes import Unavailable
from service.configuration.setting_kinds import SettingsError
from service.configuration.settings import cannot_listen
from service.web.application import WebApplication
from service.web.crowd import Crowd
from service.web.forwarded import TrustedProxies
from service.web.http_connection import TOO_MANY, HttpConnection

SHUTDOWN_SECONDS: Final = 15
LINGER_SECONDS: Final = 5
"""How long the rest of a refused body is read and thrown away, so that the client can read the refusal."""

HEADER_LINE_BYTES_MAX: Final = 16_384
"""Enough for the longest `search` parameter in its longest encoding."""

HEADERS_MAX: Final = 100

_say = structlog.get_logger(__name__)


@asynccontextmanager
async def serving(application: WebApplication, host: str, port: int) -> AsyncGenerator[int]:
    """Serve for the life of the block; yields the bound port, also if `port` is 0.

    Raises SettingsError if nothing can listen there.
    """
    runner = web.ServerRunner(_Server(application), shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port, backlog=1024).start()
        except (OSError, UnicodeError) as error:
            raise SettingsError(cannot_listen(host, port, error)) from error
        yield runner.addresses[0][1]
    finally:
        await _end(runner)


async def _end(runner: web.ServerRunner) -> None:
    """Answer what was taken and close. What closing raises is said; the rest of the process stops in order."""
    try:
        await runner.cleanup()
    except Exception as error:  # noqa: BLE001 - after any error of one connection the others are to be closed too
        _say.warning("HTTP was not closed cleanly", exc_info=error)


class _Server(web.Server):
    """Makes connections of our own class."""

    def __init__(self, application: WebApplication) -> None:
        super().__init__(self._answer, request_factory=self._request)
        self._application = application
        settings = application.entrance.dependencies.settings
        self._crowd = Crowd(settings.connections_max, settings.address_connections_max)
        application.entrance.dependencies.metrics.http_connections.set_function(lambda: self._crowd.count)
        self._proxies = TrustedProxies(settings.trusted_proxies)

    def __call__(self) -> HttpConnection:
        """One more connection."""
        return HttpConnection(
            self,
            self._application,
            self._crowd,
            self._proxies,
            loop=self._loop,
            access_log=None,
            keepalive_timeout=self._application.patience.idle_seconds,
            lingering_time=LINGER_SECONDS,
            max_line_size=HEADER_LINE_BYTES_MAX,
            max_field_size=HEADER_LINE_BYTES_MAX,
            max_headers=HEADERS_MAX,
            # To unpack a body while it arrives makes all requests wait, also for a body that no handler reads.
            auto_decompress=False,
        )

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        assert isinstance(request.protocol, HttpConnection), "`__call__` makes them"
        if not request.protocol.has_room_for(request):
            return self._application.refuse(request, Unavailable(TOO_MANY))
        return await self._application.answer(request)

    def _request(
        self,
        message: RawRequestMessage,
        content: StreamReader,
        connection: RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        assert isinstance(connection, HttpConnection), "`__call__` makes them"
        return web.BaseRequest(
            message,
            content,
            connection,
            writer,
            task,
            self._loop,
            client_max_size=self._application.body_bytes_max,
            remote=connection.caller_of(message),
        )
