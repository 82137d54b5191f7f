"""Makes HTTP responses from replies, with the headers of CONTRACT.md section 2."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from service.api.calling.reply import JSON, Exchange, Reply

EXCHANGE: Final = web.RequestKey("exchange", Exchange)
REQUEST_ID: Final = "X-Request-Id"

PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a browser lets a page of ours do: it has a style and links, and stands in no frame."""


def response(exchange: Exchange, reply: Reply, headers: Mapping[str, str] | None = None) -> web.Response:
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
    return web.Response(
        status=reply.status,
        body=reply.body,
        headers={"Content-Type": reply.content_type, **standard_headers(exchange), **own, **(headers or {})},
    )


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
