"""Makes HTTP responses from replies, with the headers of CONTRACT.md section 2."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from service.api.admission.reply_room import Held
from service.api.calling.reply import JSON, Exchange, Reply

EXCHANGE: Final = web.RequestKey("exchange", Exchange)
REQUEST_ID: Final = "X-Request-Id"

PIECE_SECONDS: Final = 10.0

PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a browser lets a page of ours do: it has a style and links, and stands in no frame."""


def response(exchange: Exchange, reply: Reply, headers: Mapping[str, str] | None = None) -> web.StreamResponse:
    """The HTTP response for this reply."""
    own: dict[str, str] = {"Idempotent-Replayed": "true"} if reply.is_repeat else {}
    if reply.refusal is not None and reply.refusal.retry_after:
        own["Retry-After"] = str(reply.refusal.retry_after)
    if reply.status == 401:
        own["WWW-Authenticate"] = "Bearer"  # RFC 9110 section 11.6.1 demands it
    if reply.content_type == JSON:
        # It may hold tokens and personal data, which no cache on the way or on a disk shall keep.
        own["Cache-Control"] = "no-store"
    if reply.content_type.startswith("text/html"):
        own["Content-Security-Policy"] = PAGE_POLICY
    all_headers = {"Content-Type": reply.content_type, **standard_headers(exchange), **own, **(headers or {})}
    if reply.held is not None:
        return LargeResponse(reply, reply.held, all_headers)
    return web.Response(status=reply.status, body=reply.whole(), headers=all_headers)


class LargeResponse(web.StreamResponse):
    """A response that is sent piece by piece. Each is forgotten, and no longer counted, once the client took it.

    Raises TimeoutError from `write_eof` if the client takes longer than `piece_seconds` over a piece.
    """

    def __init__(self, reply: Reply, held: Held, headers: Mapping[str, str]) -> None:
        super().__init__(status=reply.status, headers=headers)
        self.content_length = reply.size
        self.piece_seconds = PIECE_SECONDS
        self._pieces = deque((reply.body, *reply.more))
        self._held = held

    async def write_eof(self, data: bytes = b"") -> None:
        """Send the pieces, but for HEAD."""
        try:
            while self._pieces and not self._must_be_empty_body:
                piece = self._pieces.popleft()
                async with asyncio.timeout(self.piece_seconds):
                    await self.write(piece)
                self._held.free(len(piece))
            await super().write_eof(data)
        finally:
            self._pieces.clear()
            self._held.free()


def standard_headers(exchange: Exchange) -> dict[str, str]:
    """The headers that every response has. They state the name of the server, not its version."""
    limits = {} if exchange.allowance is None else exchange.allowance.headers()
    return {
        REQUEST_ID: exchange.request_id,
        "Content-Language": "en",
        "Server": "numbering",
        "X-Content-Type-Options": "nosniff",
        **limits,
    }
