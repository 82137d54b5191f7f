"""The HTTP carrier: its paths, and the refusals that only HTTP has."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import hdrs, web
from multidict import istr

from schemas.traceparent import read_traceparent
from service.api.calling.reply import Exchange, Reply, Result
from service.api.calling.route import Route
from service.api.catalogue import ROUTES
from service.api.entrance import Entrance
from service.api.refusals.causes import MethodWrong, PathUnknown, Unavailable
from service.api.refusals.table import refusal_of
from service.health import HealthBoard
from service.web.asked import HttpAsked, address_of
from service.web.body import unread
from service.web.cors import Cors
from service.web.dispatch import Dispatch, Found
from service.web.documentation import FixedDocument, documents, wants_page, welcome
from service.web.evidence import CHECKPOINT_PATH, FOR_EVER, NOT_KEPT, TILE_PATHS, PublicEvidence
from service.web.health import OPEN, OPEN_ROUTES, Open
from service.web.patience import Patience
from service.web.plain_response import Response
from service.web.responses import REQUEST_ID, response

Headers = Mapping[str, str]
Told = tuple[Reply, Headers | None]
"""A reply, and the headers that it has beside the standard ones."""

Handler = Callable[[web.BaseRequest, Exchange, Mapping[str, str]], Awaitable[Told]]
"""Answers a request whose path has these variables."""

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What a caller may choose as the id of its request (CONTRACT.md D6)."""

TRACEPARENT: Final = istr("traceparent")
TRACESTATE: Final = istr("tracestate")

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class WebApplication:
    """Answers every HTTP request, those that match no route too, in the same envelope."""

    def __init__(self, entrance: Entrance, board: HealthBoard, patience: Patience | None = None) -> None:
        """/readyz shows what `board` finds, by name."""
        settings = entrance.dependencies.settings
        self.entrance = entrance
        self.patience = patience or Patience()
        self.body_bytes_max = settings.body_bytes_max
        self._cors = Cors(settings.cors_origins)
        self._dispatch = Dispatch[Handler]()
        for route in ROUTES:
            self._add(route.method, route.path, self._answering(route))
        open_to_all = Open(entrance.dependencies, board)
        for path, work in OPEN.items():
            if path == "/metrics" and settings.metrics_port:
                continue  # not for the public: `health_server`
            self._add("GET", path, self._replying(open_to_all, work))
        for path, document in documents(ROUTES, OPEN_ROUTES).items():
            self._add("GET", path, self._showing(document))
        evidence = PublicEvidence(entrance.dependencies)
        self._add("GET", CHECKPOINT_PATH, self._evident(evidence.checkpoint, NOT_KEPT))
        for path in TILE_PATHS:
            self._add("GET", path, self._evident(evidence.tile, FOR_EVER))
        page, api = self._showing(welcome()), self._replying(open_to_all, OPEN["/v1"])
        self._add("GET", "/", _welcoming(page, api))

    async def answer(self, request: web.BaseRequest) -> Response:
        """The response to a request. Raises only what ends the process."""
        found = self._dispatch.find(request.method, _path_of(request))
        exchange = _exchange(request, found)
        reply, headers = (
            self._refused_unread(request, exchange)
            or self._preflight(request, exchange)
            or (
                await self._found(request, exchange, found) if isinstance(found, Found) else self._lost(exchange, found)
            )
        )
        if self._cors.is_on:
            headers = _with(headers or {}, self._cors.headers(request))
        return self._response(request, exchange, reply, headers)

    def refuse(self, request: web.BaseRequest, cause: Unavailable) -> Response:
        """The response to a request that is refused whatever it asks for."""
        exchange = _exchange(request, frozenset())
        return self._response(request, exchange, self.entrance.answering.refuse(exchange, refusal_of(cause)))

    def _response(
        self, request: web.BaseRequest, exchange: Exchange, reply: Reply, headers: Headers | None = None
    ) -> Response:
        if exchange.allowance is None:
            # It was not counted for a credential: the headers show the allowance of its address.
            exchange.allowance = self.entrance.limit.look(address_of(request), self.entrance.dependencies.clock())
        return response(exchange, reply, self.patience, headers)

    def _add(self, method: str, path: str, handler: Handler) -> None:
        self._dispatch.add(method, path, handler)
        if method == "GET":
            self._dispatch.add("HEAD", path, handler)

    def _answering(self, route: Route) -> Handler:
        """The handler of a route: it passes the request to the entrance."""
        bytes_max, seconds_max = self.body_bytes_max, self.patience.body_seconds
        varies = {"Vary": "Accept, Accept-Language"} if route.is_listing else None
        tracer = self.entrance.dependencies.tracer

        async def answer(request: web.BaseRequest, exchange: Exchange, places: Mapping[str, str]) -> Told:
            if tracer is not None:
                states = request.headers.getall(TRACESTATE, ())
                about = exchange.method, exchange.route, exchange.request_id
                exchange.begin_span(tracer.http_request(*about, exchange.traceparent, states))
            asked = HttpAsked(route, request, places, bytes_max, seconds_max)
            return await self.entrance.answer(asked, exchange), varies

        return answer

    def _replying(self, open_to_all: Open, work: Callable[[Open], Awaitable[Result]]) -> Handler:
        """The handler of a path that needs no credential."""

        async def answer(_: web.BaseRequest, exchange: Exchange, __: Mapping[str, str]) -> Told:
            return await self.entrance.answering.answer(exchange, work(open_to_all)), None

        return answer

    def _evident(self, work: Callable[[Mapping[str, str]], Awaitable[Result]], headers: Headers) -> Handler:
        """The handler of a path of the evidence; what is refused has the headers of every refusal."""

        async def answer(_: web.BaseRequest, exchange: Exchange, places: Mapping[str, str]) -> Told:
            reply = await self.entrance.answering.answer(exchange, work(places))
            return reply, None if reply.refusal else headers

        return answer

    def _showing(self, document: FixedDocument) -> Handler:
        """The handler of a document."""

        async def answer(request: web.BaseRequest, exchange: Exchange, _: Mapping[str, str]) -> Told:
            reply, headers = document.reply(request.headers)
            self.entrance.answering.note(exchange, reply)
            return reply, headers

        return answer

    async def _found(self, request: web.BaseRequest, exchange: Exchange, found: Found[Handler]) -> Told:
        if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":  # other expectations are ignored (RFC 9110)
            await request.writer.write(_CONTINUE)
        return await found.handler(request, exchange, found.places)

    def _lost(self, exchange: Exchange, allowed: frozenset[str]) -> Told:
        """The refusal of a request that matches no route; `allowed` are the methods that its path has."""
        if not allowed:
            return self.entrance.answering.refuse(exchange, refusal_of(PathUnknown())), None
        methods = ", ".join(sorted(allowed))
        return self.entrance.answering.refuse(exchange, refusal_of(MethodWrong(methods))), {"Allow": methods}

    def _refused_unread(self, request: web.BaseRequest, exchange: Exchange) -> Told | None:
        """The refusal of a request by the headers of its body alone, on any path, whatever the method; or none."""
        refusal = unread(request, self.body_bytes_max)
        if refusal is None:
            return None
        reply = self.entrance.answering.refuse(exchange, refusal)
        return reply, {"Accept-Encoding": "identity"} if refusal.status == 415 else None  # RFC 9110 section 15.5.16

    def _preflight(self, request: web.BaseRequest, exchange: Exchange) -> Told | None:
        """The response to a CORS preflight; none for any other request."""
        headers = self._cors.preflight(request) if request.method == "OPTIONS" else None
        if headers is None:
            return None
        reply = Reply(204, b"", content_type="")
        self.entrance.answering.note(exchange, reply)
        return reply, headers


def _welcoming(page: Handler, api: Handler) -> Handler:
    """The handler of `/`: a page for browsers, name and version for programs."""

    async def answer(request: web.BaseRequest, exchange: Exchange, places: Mapping[str, str]) -> Told:
        shown = page if wants_page(request.headers.get("Accept", "")) else api
        reply, headers = await shown(request, exchange, places)
        return reply, _with(headers or {}, {"Vary": "Accept"})

    return answer


def _with(headers: Headers, more: Headers) -> Headers:
    """These headers and more; what the reply varies by already stays."""
    varies = [each for each in (headers.get("Vary"), more.get("Vary")) if each]
    together = {**headers, **more}
    return {**together, "Vary": ", ".join(varies)} if varies else together


def _path_of(request: web.BaseRequest) -> str:
    """The path, decoded but for the slashes and per cent signs within its parts."""
    raw = request.rel_url.raw_path
    return request.rel_url.path_safe if "%" in raw else raw


def _exchange(request: web.BaseRequest, found: Found[Handler] | frozenset[str]) -> Exchange:
    """An exchange with labels from a fixed set: a client may send any word as method, and a path may hold a token."""
    method = request.method if request.method in _METHODS else "other"
    exchange = Exchange("http", method, found.path if isinstance(found, Found) else "none")
    sent_id = request.headers.get(REQUEST_ID)
    if sent_id is not None and _REQUEST_ID.fullmatch(sent_id):
        exchange.request_id = sent_id
    if TRACEPARENT in request.headers:
        exchange.traceparent = read_traceparent(request.headers.getall(TRACEPARENT))
    return exchange
