"""Makes HTTP responses from replies, with the headers of CONTRACT.md section 2."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from service.api.calling.reply import Exchange, Told

EXCHANGE: Final = web.RequestKey("exchange", Exchange)


def response(exchange: Exchange, told: Told, headers: Mapping[str, str] | None = None) -> web.Response:
    """The HTTP response for this reply."""
    own: dict[str, str] = {"Idempotent-Replayed": "true"} if told.is_replay else {}
    if told.refusal is not None and told.refusal.retry_after:
        own["Retry-After"] = str(told.refusal.retry_after)
    return web.Response(
        status=told.status,
        body=told.body,
        headers={"Content-Type": told.content_type, **standard_headers(exchange), **own, **(headers or {})},
    )


def standard_headers(exchange: Exchange) -> dict[str, str]:
    """The headers that every response has. They state the name of the server, not its version."""
    limits = {} if exchange.allowance is None else exchange.allowance.headers()
    return {"X-Request-Id": exchange.request_id, "Content-Language": "en", "Server": "numbering", **limits}
