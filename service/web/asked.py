"""An HTTP request in the form that the entrance takes."""

from collections.abc import Mapping
from typing import Final

from aiohttp import hdrs, web
from msgspec import Struct

from schemas.commands import Caller
from service.api.admission.rate_limit import ADDRESS
from service.api.calling.idempotency import HEADER
from service.api.calling.route import Route
from service.api.calling.sent import Sent
from service.api.reading.body import NO_BODY
from service.web.body import read_body
from service.web.dispatch import NO_PLACES

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


class HttpAsked(Struct, frozen=True):
    """One request of a route, with the variables of its path.

    Its body is refused if it exceeds `body_bytes_max` or takes over `body_seconds_max`.
    """

    route: Route
    request: web.BaseRequest
    places: Mapping[str, str]
    body_bytes_max: int
    body_seconds_max: float

    @property
    def authorization(self) -> str:
        """The Authorization header; empty if there is none."""
        return self.request.headers.get(hdrs.AUTHORIZATION, "")

    @property
    def idempotency_key(self) -> str | None:
        """The header Idempotency-Key."""
        return self.request.headers.get(HEADER)

    @property
    def stranger(self) -> str:
        """The address that the request came from."""
        return address_of(self.request)

    @property
    def names(self) -> Mapping[str, str]:
        """Empty: over HTTP the variables of the path are in the path."""
        return NO_PLACES

    @property
    def reply_bytes_max(self) -> None:
        """None: HTTP can send a reply of any size."""
        return

    async def sent(self, caller: Caller) -> Sent:
        """The path, the query and the body. Raises RefusedError if the body is too large, too slow or incomplete."""
        del caller  # HTTP asks nothing of it: the path names no firm
        given = NO_BODY
        if self.route.method in _WITH_BODY:
            given = await read_body(self.request, self.body_bytes_max, self.body_seconds_max)
        url, query = self.request.rel_url, NO_PLACES
        if url.raw_query_string:
            query = url.query
        if not self.route.is_listing:
            return Sent(url.path, self.places, query, given)
        accept, language = (
            ",".join(self.request.headers.getall(name, ())) for name in (hdrs.ACCEPT, hdrs.ACCEPT_LANGUAGE)
        )
        return Sent(url.path, self.places, query, given, accept, language)


def address_of(request: web.BaseRequest) -> str:
    """The address of the client, as a holder for the rate limit."""
    return f"{ADDRESS}{request.remote}"
