"""Responses that are sent as they are: their head as one text, their body in one piece, or piece by piece."""

import asyncio
from collections import deque
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

from aiohttp import ClientConnectionResetError, web
from aiohttp.abc import AbstractStreamWriter

from service.api.calling.reply import Reply
from service.clock import now
from service.web.patience import Patience

_STATUS_LINES: Final = {each.value: f"{each.value} {each.phrase}\r\n" for each in HTTPStatus}
_WITHOUT_LENGTH: Final = frozenset({204, 304})
"""These have no body, and so no Content-Length (RFC 9110 section 8.6)."""


class Response(web.StreamResponse):
    """A response that is sent in one piece.

    It makes its head as one text. aiohttp makes one from a map of headers, in an object that can also be compressed,
    chunked and asked for its headers: that took 20 of the 110 us of processor time of aiohttp for a request.

    Raises TimeoutError from `write_eof` if the client does not take it within `patience.reply_seconds`.
    """

    def __init__(self, reply: Reply, lines: str, patience: Patience) -> None:
        """`lines` are the headers but those that depend on the connection, each with its line end."""
        # The constructor of aiohttp is not called: it makes the map of headers.
        self._status = reply.status
        self._size = reply.size
        self._content = reply.body
        self._lines = lines
        self._patience = patience

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Take the request to respond to. aiohttp calls it before `write_eof`."""
        self._req = request
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Send it, to HEAD without its body. Raises ConnectionError if the client has gone."""
        assert self._req is not None, "aiohttp prepares a response before it sends it"
        request, self._req = self._req, None
        await self._send(request, self._head(request))

    async def _send(self, request: web.BaseRequest, head: bytes) -> None:
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ClientConnectionResetError("the client has gone")
        transport.write(head if request.method == "HEAD" else head + self._content)
        # A timer for each response took 8 us. Nearly none has to wait for its reader.
        if request.protocol.writing_paused:
            async with asyncio.timeout(self._patience.reply_seconds):
                await request.writer.drain()

    def _head(self, request: web.BaseRequest) -> bytes:
        major, minor = request.version
        length = self._length_line(request)
        connection = ""
        if not self._keep_alive:
            connection = "Connection: close\r\n" if minor else ""
        elif not minor:
            connection = "Connection: keep-alive\r\n"
        first = f"HTTP/{major}.{minor} {_STATUS_LINES[self._status]}"
        return f"{first}{self._lines}{length}Date: {_dates.now()}\r\n{connection}\r\n".encode()

    def _length_line(self, request: web.BaseRequest) -> str:
        del request
        return "" if self._status in _WITHOUT_LENGTH else f"Content-Length: {self._size}\r\n"


class LargeResponse(Response):
    """A response that is sent piece by piece. Each is forgotten, and no longer counted, once the client took it.

    Raises TimeoutError also if the client takes longer than `patience.piece_seconds` over a piece.
    """

    def __init__(self, reply: Reply, lines: str, patience: Patience) -> None:
        super().__init__(reply, lines, patience)
        assert reply.held is not None, "a large reply is counted"
        self._pieces = deque((reply.body, *reply.more))
        self._content = b""
        self._held = reply.held

    async def _send(self, request: web.BaseRequest, head: bytes) -> None:
        try:
            async with asyncio.timeout(self._patience.reply_seconds):
                await request.writer.write(head)
                while self._pieces and request.method != "HEAD":
                    piece = self._pieces.popleft()
                    async with asyncio.timeout(self._patience.piece_seconds):
                        await request.writer.write(piece)
                    self._held.free(len(piece))
                await request.writer.drain()
        finally:
            self._pieces.clear()
            self._held.free()


class _Dates:
    """The header Date, made once a second."""

    def __init__(self) -> None:
        self._at = -1
        self._text = ""

    def now(self) -> str:
        """The present time as HTTP writes it."""
        at = now()
        if at != self._at:
            self._at, self._text = at, formatdate(at, usegmt=True)
        return self._text


_dates: Final = _Dates()
