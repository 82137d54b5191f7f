"""The response that is made while it is read: in chunks (RFC 9112 section 7.1), at the pace of its reader."""

import asyncio
from typing import Final

import structlog
from aiohttp import ClientConnectionResetError, web

from service.api.calling.reply import Reply
from service.web.patience import Patience
from service.web.plain_response import Response

_LAST_CHUNK: Final = b"0\r\n\r\n"
_say = structlog.get_logger(__name__)


class StreamedResponse(Response):
    """A response whose length nobody knows yet. Where its file breaks, the connection ends without the last chunk.

    Raises TimeoutError if the client takes longer than `patience.piece_seconds` over a piece.
    """

    def __init__(self, reply: Reply, lines: str, patience: Patience) -> None:
        super().__init__(reply, lines, patience)
        assert reply.stream is not None, "it has a file"
        self._stream = reply.stream

    async def _send(self, request: web.BaseRequest, head: bytes) -> None:
        try:
            async with asyncio.timeout(self._patience.piece_seconds):
                await request.writer.write(head)
            if request.method != "HEAD":
                await self._send_pieces(request)
        finally:
            await self._stream.close()

    async def _send_pieces(self, request: web.BaseRequest) -> None:
        is_chunked = request.version >= (1, 1)
        while (piece := await self._next(request)) is not None:
            framed = b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece
            async with asyncio.timeout(self._patience.piece_seconds):
                await request.writer.write(framed)
        async with asyncio.timeout(self._patience.piece_seconds):
            await request.writer.write(_LAST_CHUNK if is_chunked else b"")
            await request.writer.drain()

    async def _next(self, request: web.BaseRequest) -> bytes | None:
        """The next piece that is not empty; None at the end. Raises ClientConnectionResetError if the file breaks."""
        try:
            async for piece in self._stream.pieces:
                if piece:
                    return bytes(piece)
        except Exception as error:
            _say.error("a file broke off while it was read", file=self._stream.file_name, exc_info=error)
            if request.transport is not None:
                request.transport.abort()
            raise ClientConnectionResetError("the file broke off") from error
        return None

    def _length_line(self, request: web.BaseRequest) -> str:
        if request.version >= (1, 1):
            return "Transfer-Encoding: chunked\r\n"
        self.force_close()
        return ""
