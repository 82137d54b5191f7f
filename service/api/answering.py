"""The outermost step of every request: however it ends, the client gets the envelope and we get one log line."""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import structlog
from aiohttp import web

from service.access.reservation_tokens import UnknownTokenKeyError
from service.api.admission.credentials import address_of
from service.api.admission.rate_limit import RateLimit
from service.api.parts import WebParts
from service.api.refusals.causes import MethodWrong, PathUnknown, RequestUnreadable, Unavailable, Unexpected
from service.api.refusals.table import Refusal, RefusedError, refusal_of
from service.api.reply import EXCHANGE, Exchange, failure
from service.log.event_log import AppendInDoubtError, LogBrokenError, LogFaultError, LogHaltedError, LogUnavailableError
from service.web.cors import Cors
from service.writer.queue import WriterBusyError
from service.writer.writer import OutcomeUnknownError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Middleware(Protocol):
    """What aiohttp calls for every request."""

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The reply."""
        ...


FAULTS: Final = (LogFaultError, WriterBusyError, OutcomeUnknownError, UnknownTokenKeyError, TimeoutError)
"""What a part that is away makes of a request."""

NOTHING_DONE: Final = "Nothing was done."
_MAYBE_DONE: Final = "It is not known whether this was done."

_say = structlog.get_logger(__name__)


def answering(parts: WebParts, limit: RateLimit) -> Middleware:
    """The middleware that turns every end of a request into a reply of CONTRACT.md section 2."""

    cors = Cors(parts.settings.cors_origins)

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        exchange = Exchange(allowance=limit.look(address_of(request), parts.clock()))
        request[EXCHANGE] = exchange
        response = cors.preflight(request, exchange) or await _answered(request, handler, exchange, parts)
        response.headers.update(cors.headers(request))
        _note(request, response.status, exchange, parts)
        return response

    return answer


async def _answered(request: web.Request, handler: Handler, exchange: Exchange, parts: WebParts) -> web.StreamResponse:
    headers: dict[str, str] = {}
    try:
        return await handler(request)
    except RefusedError as error:
        refusal = error.refusal
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        refusal, headers = refusal_of(MethodWrong(allowed)), {"Allow": allowed}
    except web.HTTPNotFound:
        refusal = refusal_of(PathUnknown())
    except web.HTTPException:
        refusal = refusal_of(RequestUnreadable("its head cannot be read"))
    except FAULTS as fault:
        refusal = refusal_of_fault(fault, route_of(request), exchange)
    except Exception as error:  # noqa: BLE001 - a defect must not cost the client its envelope; it is logged in full
        _say.error("a request failed", request_id=exchange.request_id, route=route_of(request), exc_info=error)
        refusal = refusal_of(Unexpected())
    parts.metrics.rejections.labels(refusal.code).inc()
    return failure(exchange, refusal, headers)


def refusal_of_fault(fault: Exception, route: str, exchange: Exchange) -> Refusal:
    """A part is away: the client may try again, and is told whether anything was done."""
    _say.warning("a request met a fault", request_id=exchange.request_id, route=route, fault=repr(fault))
    match fault:
        case OutcomeUnknownError() | AppendInDoubtError():
            return refusal_of(Unavailable(_MAYBE_DONE))
        case LogBrokenError():
            return refusal_of(Unexpected())
        case LogHaltedError():
            return refusal_of(Unavailable(f"No numbers are issued until an operator resumes the log. {NOTHING_DONE}"))
        case WriterBusyError():
            return refusal_of(Unavailable(f"Too many requests are waiting. {NOTHING_DONE}"))
        case LogUnavailableError():
            return refusal_of(Unavailable("The store cannot be reached."))
        case _:
            return refusal_of(Unavailable("A part of the service cannot be reached."))


def _note(request: web.Request, status: int, exchange: Exchange, parts: WebParts) -> None:
    """Count and log by the pattern of the path: a path itself may hold a token."""
    route, milliseconds = route_of(request), exchange.milliseconds()
    parts.metrics.requests.labels(_method(request), route, status).inc()
    parts.metrics.request_seconds.labels(route).observe(milliseconds / 1000)
    _say.debug(
        "request",
        method=_method(request),
        route=route,
        status=status,
        milliseconds=round(milliseconds, 2),
        request_id=exchange.request_id,
        caller=exchange.credential_id,
    )


def route_of(request: web.Request) -> str:
    """The pattern of the path; `none` for a path that nothing is served at."""
    resource = request.match_info.route.resource
    return "none" if resource is None else resource.canonical


def _method(request: web.Request) -> str:
    """A label of bounded variety: a client may send any word as its method."""
    return request.method if request.method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "other"
