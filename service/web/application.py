"""The HTTP carrier: its routes, its one middleware, and the refusals that only HTTP has."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from aiohttp import web

from service.api.calling.reply import Exchange, Reply, Result
from service.api.calling.route import Route
from service.api.catalogue import ROUTES
from service.api.entrance import Entrance
from service.api.refusals.causes import MethodWrong, PathUnknown, RequestUnreadable
from service.api.refusals.table import refusal_of
from service.health import Check, HealthBoard
from service.web.asked import HttpAsked, address_of
from service.web.body import unread
from service.web.cors import Cors
from service.web.documentation import FixedDocument, documents, wants_page, welcome
from service.web.health import OPEN, OPEN_ROUTES, Open
from service.web.responses import EXCHANGE, PIECE_SECONDS, REQUEST_ID, response, standard_headers

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What a caller may choose as the id of its request (CONTRACT.md D6)."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How many seconds a client may take to begin a request, send its head, send its body, and read our reply.

    Of a large reply each piece, of a megabyte or so, has `piece_seconds` of these.
    """

    idle_seconds: float = 75
    head_seconds: float = 20
    body_seconds: float = 20
    reply_seconds: float = 60
    piece_seconds: float = PIECE_SECONDS


ENTRANCE: Final = web.AppKey("entrance", Entrance)
PATIENCE: Final = web.AppKey("patience", Patience)


class Middleware(Protocol):
    """The function that aiohttp calls for every request."""

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The response."""
        ...


def web_application(
    entrance: Entrance, checks: Mapping[str, Check], patience: Patience | None = None
) -> web.Application:
    """The HTTP application over this entrance, ready for `serving`. /readyz runs `checks` and shows them by name."""
    settings = entrance.dependencies.settings
    application = web.Application(
        middlewares=[_outermost(entrance, Cors(settings.cors_origins))], client_max_size=settings.body_bytes_max
    )
    application[ENTRANCE] = entrance
    application[PATIENCE] = patience or Patience()
    for route in ROUTES:
        _add(application, route.method, route.path, _answering(entrance, route, application[PATIENCE]))
    open_to_all = Open(entrance.dependencies, HealthBoard(checks))
    for path, work in OPEN.items():
        if path == "/metrics" and settings.health_port:
            continue  # not for the public: `health_server`
        _add(application, "GET", path, _replying(entrance, open_to_all, work))
    for path, document in documents(ROUTES, OPEN_ROUTES).items():
        _add(application, "GET", path, _showing(entrance, document))
    _add(
        application,
        "GET",
        "/",
        _welcoming(_showing(entrance, welcome()), _replying(entrance, open_to_all, OPEN["/v1"])),
    )
    return application


def _outermost(entrance: Entrance, cors: Cors) -> Middleware:
    """The middleware around every request. It refuses requests that match no route, in the same envelope."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        exchange = request[EXCHANGE] = _exchange(request)
        try:
            answered = (
                _refused_unread(entrance, request)
                or _preflight(entrance, cors, request, exchange)
                or await handler(request)
            )
        except web.HTTPMethodNotAllowed as error:
            allowed = ", ".join(sorted(error.allowed_methods))
            reply = entrance.answering.refuse(exchange, refusal_of(MethodWrong(allowed)))
            answered = _response(entrance, request, reply, {"Allow": allowed})
        except web.HTTPNotFound:
            answered = _response(entrance, request, entrance.answering.refuse(exchange, refusal_of(PathUnknown())))
        except web.HTTPException:
            refusal = refusal_of(RequestUnreadable("its head cannot be read"))
            answered = _response(entrance, request, entrance.answering.refuse(exchange, refusal))
        _add_headers(answered, cors.headers(request))
        return answered

    return answer


def _answering(entrance: Entrance, route: Route, patience: Patience) -> Handler:
    """The aiohttp handler of a route: it passes the request to the entrance."""
    bytes_max, seconds_max = entrance.dependencies.settings.body_bytes_max, patience.body_seconds

    async def answer(request: web.Request) -> web.StreamResponse:
        reply = await entrance.answer(HttpAsked(route, request, bytes_max, seconds_max), request[EXCHANGE])
        return _response(entrance, request, reply)

    return answer


def _replying(entrance: Entrance, open_to_all: Open, work: Callable[[Open], Awaitable[Result]]) -> Handler:
    """The aiohttp handler of a path that needs no credential."""

    async def answer(request: web.Request) -> web.StreamResponse:
        reply = await entrance.answering.answer(request[EXCHANGE], work(open_to_all))
        return _response(entrance, request, reply)

    return answer


def _showing(entrance: Entrance, document: FixedDocument) -> Handler:
    """The aiohttp handler of a document."""

    async def answer(request: web.Request) -> web.StreamResponse:
        reply, headers = document.reply(request.headers)
        entrance.answering.note(request[EXCHANGE], reply)
        return _response(entrance, request, reply, headers)

    return answer


def _welcoming(page: Handler, api: Handler) -> Handler:
    """The aiohttp handler of `/`: a page for browsers, name and version for programs."""

    async def answer(request: web.Request) -> web.StreamResponse:
        answered = await (page if wants_page(request.headers.get("Accept", "")) else api)(request)
        _add_headers(answered, {"Vary": "Accept"})
        return answered

    return answer


def _refused_unread(entrance: Entrance, request: web.Request) -> web.StreamResponse | None:
    """The refusal of a request by the headers of its body alone, on any path, with any method; None if it passes."""
    refusal = unread(request, entrance.dependencies.settings.body_bytes_max)
    if refusal is None:
        return None
    headers = {"Accept-Encoding": "identity"} if refusal.status == 415 else None  # as RFC 9110 section 15.5.16 asks
    return _response(entrance, request, entrance.answering.refuse(request[EXCHANGE], refusal), headers)


def _preflight(entrance: Entrance, cors: Cors, request: web.Request, exchange: Exchange) -> web.StreamResponse | None:
    """The response to a CORS preflight; none for any other request."""
    headers = cors.preflight(request)
    if headers is None:
        return None
    entrance.answering.note(exchange, Reply(204, b""))
    _look(entrance, request, exchange)
    return web.Response(status=204, headers={**standard_headers(exchange), **headers})


def _response(
    entrance: Entrance, request: web.Request, reply: Reply, headers: Mapping[str, str] | None = None
) -> web.StreamResponse:
    exchange = request[EXCHANGE]
    _look(entrance, request, exchange)
    return response(exchange, reply, headers)


def _add_headers(answered: web.StreamResponse, more: Mapping[str, str]) -> None:
    """Add these headers; what the reply varies by already stays."""
    varies = [each for each in (answered.headers.get("Vary"), more.get("Vary")) if each]
    answered.headers.update(more)
    if varies:
        answered.headers["Vary"] = ", ".join(varies)


def _look(entrance: Entrance, request: web.Request, exchange: Exchange) -> None:
    """Give a request that was not counted for a credential the allowance of its address, for the headers."""
    if exchange.allowance is None:
        exchange.allowance = entrance.limit.look(address_of(request), entrance.dependencies.clock())


def _exchange(request: web.Request) -> Exchange:
    """An exchange with labels from a fixed set: a client may send any word as method, and a path may hold a token."""
    resource = request.match_info.route.resource
    method = request.method if request.method in _METHODS else "other"
    exchange = Exchange("http", method, "none" if resource is None else resource.canonical)
    sent_id = request.headers.get(REQUEST_ID, "")
    if _REQUEST_ID.fullmatch(sent_id):
        exchange.request_id = sent_id
    return exchange


def _add(application: web.Application, method: str, path: str, handler: Handler) -> None:
    application.router.add_route(method, path, handler, expect_handler=_go_on)
    if method == "GET":
        application.router.add_route("HEAD", path, handler, expect_handler=_go_on)


async def _go_on(request: web.Request) -> None:
    """Tell a client that expects `100 Continue` to send its body; other expectations are ignored (RFC 9110)."""
    is_expecting = request.headers.get("Expect", "").lower() == "100-continue"
    if is_expecting and unread(request, request.client_max_size) is None:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
