"""Calls from pages of other origins (CONTRACT.md D3): off unless NUMBERING_CORS_ORIGINS names whose.

The rules are those of the Fetch standard. Credentials are bearer tokens, never cookies, so `*` gives nothing away.
"""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

MAY_SEND: Final = "Authorization, Content-Type, Idempotency-Key"
MAY_READ: Final = (
    "X-Request-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, Idempotent-Replayed"
)
METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
PREFLIGHT_SECONDS: Final = 7200
"""How long a browser need not ask again; Chromium believes no longer than this."""


class Cors:
    """What a browser is told, by the origin of the page that calls."""

    def __init__(self, origins: str | None) -> None:
        """`origins` with commas between, or `*`; None lets no page in."""
        self._is_for_all = origins == "*"
        self._origins = frozenset((origins or "").split(",")) - {""}

    def headers(self, request: web.Request) -> Mapping[str, str]:
        """The headers of the reply to this request; none if CORS is off."""
        if not self._origins:
            return {}
        if self._is_for_all:
            return {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": MAY_READ}
        origin = request.headers.get("Origin", "")
        if origin not in self._origins:
            return {"Vary": "Origin"}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": MAY_READ,
            "Vary": "Origin",
        }

    def preflight(self, request: web.Request) -> Mapping[str, str] | None:
        """The headers for a browser that asks whether a page may call; None if this is no such question."""
        is_asked = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not is_asked or "Access-Control-Allow-Origin" not in self.headers(request):
            return None
        return {
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": MAY_SEND,
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
