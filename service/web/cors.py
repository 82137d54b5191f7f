"""Calls from web pages of other origins (CONTRACT.md D3): off unless NUMBERING_CORS_ORIGINS names the origins.

The headers are those of the Fetch standard. Credentials are bearer tokens. A browser adds cookies to a request by
itself, but never a bearer token, so `*` is safe.
"""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

MAY_SEND: Final = "Authorization, Content-Type, Idempotency-Key, X-Request-Id, traceparent, tracestate"
MAY_READ: Final = (
    "X-Request-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, Idempotent-Replayed"
)
METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
PREFLIGHT_SECONDS: Final = 7200
"""How long a browser may keep the response to a preflight; Chromium keeps none longer than this."""


class Cors:
    """Tells a browser which pages may call the API and read its replies."""

    def __init__(self, origins: str | None) -> None:
        """`origins` are separated by commas; `*` means all, None means that no page may call."""
        self._is_for_all = origins == "*"
        self._origins = frozenset((origins or "").split(",")) - {""}

    @property
    def is_on(self) -> bool:
        """Whether any page may call."""
        return bool(self._origins)

    def headers(self, request: web.BaseRequest) -> Mapping[str, str]:
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

    def preflight(self, request: web.BaseRequest) -> Mapping[str, str] | None:
        """The headers of the response to a preflight; None if this request is not one."""
        is_asked = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not is_asked or "Access-Control-Allow-Origin" not in self.headers(request):
            return None
        return {
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": MAY_SEND,
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
