"""Makes HTTP responses from replies, with the headers of CONTRACT.md section 2."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from service.api.calling.reply import Exchange, Reply

EXCHANGE: Final = web.RequestKey("exchange", Exchange)
REQUEST_ID: Final = "X-Request-Id"


def response(exchange: Exchange, reply: Reply, headers: Mapping[str, str] | None = None) -> web.Response:
    """The HTTP response for this reply."""
    own: dict[str, str] = {"Idempotent-Replayed": "true"} if reply.is_repeat else {}
    if reply.refusal is not None and reply.refusal.retry_after:
        own["Retry-After"] = str(reply.refusal.retry_after)
    if reply.status == 401:
        own["WWW-Authenticate"] = "Bearer"  # RFC 9110 section 11.6.1 demands it
    return web.Response(
        status=reply.status,
        body=reply.body,
        headers={"Content-Type": reply.content_type, **standard_headers(exchange), **own, **(headers or {})},
    )


def standard_headers(exchange: Exchange) -> dict[str, str]:
    """The headers that every response has. They state the name of the server, not its version."""
    limits = {} if exchange.allowance is None else exchange.allowance.headers()
    return {REQUEST_ID: exchange.request_id, "Content-Language": "en", "Server": "numbering", **limits}
